import { FloecastError } from '../../../errors.js'
import { type XmlOutput, xmlText } from '../../../icy/xml.js'
import { mountSettings } from '../../../options/index.js'
import type { ServerContext } from '../../context.js'
import type { Htpasswd } from '../../htpasswd.js'
import { tell } from '../respond.js'
import { type Call, liveMount, note } from './command.js'

/** The first three ids are those of the logins of the whole server, as in Icecast 2.5. */
const FIRST_ID = 3

/**
 * `/admin/manageauth`: adds and deletes listeners in the htpasswd file of a mount, and lists them. The mount is named by `mount`, or by `id` as in Icecast 2.5: from 3
 * on, in the order of the settings, each mount that has a login or listeners of its own.
 */
export async function manageAuth(call: Call): Promise<XmlOutput | void> {
  const { context, ctx, query } = call
  const mount = mountOf(context, query)
  if (mount === undefined)
    return query.get('id') === null ? tell(ctx, 400, 'Missing parameter: mount or id') : tell(ctx, 404, 'No such authenticator')
  const path = context.mounts.settingsOf(mount).authentication?.htpasswd
  if (path === undefined) {
    liveMount(context, mount)
    return tell(
      ctx,
      400,
      `missing parameter: the listeners of ${mount} stand in no htpasswd file; its option authentication.htpasswd names one`,
    )
  }
  const file = context.mountAuth.file(path)
  const action = query.get('action')
  const user = query.get('username')
  if ((action === 'add' || action === 'delete') && (user === null || (action === 'add' && query.get('password') === null)))
    return tell(ctx, 400, 'Missing parameter: username or password')
  const message = user === null ? undefined : await change(call, file, mount, user)
  const users = (await file.list()).map((name): XmlOutput => ({ name: 'User', children: [xmlText('username', name)] }))
  const source = { name: 'source', attributes: { mount }, children: users }
  return {
    name: 'icestats',
    children: [source, ...(message === undefined ? [] : [{ name: 'iceresponse', children: [xmlText('message', message)] }])],
  }
}

// What is done, in Icecast's words; what fails says why besides.
async function change(call: Call, file: Htpasswd, mount: string, user: string): Promise<string | undefined> {
  const action = call.query.get('action')
  try {
    if (action === 'add') {
      if (!(await file.add(user, call.query.get('password') ?? ''))) return 'User already exists - not added'
      await note(call, 'manageauth', mount, `Adds a listener: ${user} to ${mount}`)
      return 'User added'
    }
    if (action !== 'delete') return undefined
    if (!(await file.remove(user))) return 'User delete failed - there is nobody of that name'
    await note(call, 'manageauth', mount, `Deletes a listener: ${user} of ${mount}`)
    return 'User deleted'
  } catch (error) {
    if (!(error instanceof FloecastError) || error.code !== 'USER_REFUSED') throw error
    if (error.cause !== undefined) call.context.logger.error({ err: error.cause, mount }, 'a file of listeners cannot be written')
    return `User ${String(action)} failed - ${error.message}`
  }
}

function mountOf({ settings }: ServerContext, query: URLSearchParams): string | undefined {
  const mount = query.get('mount')
  if (mount !== null) return mount
  const id = query.get('id')
  if (id === null || !/^\d{1,9}$/.test(id)) return undefined
  const locked = Object.keys(settings.mounts).filter((name) => {
    const { authentication, sourcePassword } = mountSettings(settings, name)
    return authentication !== undefined || sourcePassword !== undefined
  })
  return locked[Number(id) - FIRST_ID]
}
