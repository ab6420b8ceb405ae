import { FloecastError } from '../../errors.js'
import type { ServerContext } from '../context.js'
import type { Handlers } from './call.js'

/** Who can sign in, and the tokens of programs. */
export const peopleHandlers = (context: ServerContext): Handlers => ({
  listPeople: () => ({ people: context.state.people.list() }),
  addPerson: ({ body }) => context.state.people.add(body),
  changePerson: ({ params: { name }, body: { password, role, mounts } }) =>
    context.state.people.change(name, {
      ...(password !== undefined && { password }),
      ...(role !== undefined && { role }),
      ...(mounts !== undefined && { mounts }),
    }),
  async removePerson({ params: { name } }) {
    await context.state.people.remove(name)
    return undefined
  },
  async changeOwnPassword({ body: { current, password }, who, address, cookie }) {
    const { name, via } = who!
    if (via === 'token') throw new FloecastError('NOT_ALLOWED', { user: name })
    // Only people have a password here; and guessing it is slowed down as it is at the door.
    context.state.people.identity(name)
    await context.identify([{ user: name, password: current }], address)
    await context.state.people.change(name, { password })
    if (via === 'session') cookie.give(context.sessions.open(context.state.people.identity(name)))
    return undefined
  },
  listTokens: () => ({ tokens: context.state.tokens.list() }),
  makeToken: ({ body }) => context.state.tokens.make(body),
  async revokeToken({ params: { id } }) {
    await context.state.tokens.revoke(id)
    return undefined
  },
})
