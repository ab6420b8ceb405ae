import type { Context } from 'koa'
import { FloecastError } from '../../../errors.js'
import { basicCredentials } from '../../../icy/basic.js'
import { parseQuery } from '../../../icy/path.js'
import { formatXml, type XmlOutput, xmlText } from '../../../icy/xml.js'
import type { Mount } from '../../../mount/mount.js'
import type { ServerContext } from '../../context.js'
import { dress, tell } from '../respond.js'
import { addressOf } from '../visit.js'

/** A command below `/admin/` that somebody has given who may. */
export interface Call {
  /** The server. */
  readonly context: ServerContext
  /** The request. */
  readonly ctx: Context
  /** Query and form, not decoded yet. */
  readonly raw: string
  /** The same, as text. */
  readonly query: URLSearchParams
  /** Who has given it; empty where nobody was asked. */
  readonly who: string
}

/** A command that is about one mount, which is live. */
export interface MountCall extends Call {
  /** That mount. */
  readonly mount: Mount
}

type Answer = XmlOutput | void | Promise<XmlOutput | void>

/**
 * What a command of Icecast's is about, and so who may give it: the administrator and, as in Icecast 2.5, a mount's source what is about that mount alone; what is
 * for anyone needs no password. What `run` returns is written as XML.
 */
export type Command =
  | { readonly about: 'server' | 'server or mount' | 'anyone'; readonly run: (call: Call) => Answer }
  | { readonly about: 'mount'; readonly run: (call: MountCall) => Answer }

/**
 * Does a command for whoever may give it.
 * @param raw its query and form
 * @throws FloecastError as `ServerContext.admit`, and SOURCE_NOT_FOUND
 */
export async function perform(context: ServerContext, ctx: Context, command: Command, raw: string): Promise<void> {
  const query = parseQuery(raw)
  const name = query.get('mount') ?? undefined
  const who = command.about === 'anyone' ? '' : await admitTo(context, ctx, command.about === 'server' ? undefined : name)
  ctx.state['user'] = who
  const call: Call = { context, ctx, raw, query, who }
  if (command.about !== 'mount') return give(ctx, await command.run(call))
  if (name === undefined) return tell(ctx, 400, 'Unknown admin request: the parameter mount is missing')
  return give(ctx, await command.run({ ...call, mount: liveMount(context, name) }))
}

/**
 * Lets in the administrator and, where a mount is named, its source, as Icecast 2.5 does.
 * @returns the user name
 * @throws FloecastError as `ServerContext.admit`
 */
export const admitTo = (context: ServerContext, ctx: Context, mount: string | undefined): Promise<string> =>
  context.admit(
    mount === undefined ? ['admin'] : ['source', 'admin'],
    basicCredentials(ctx.get('authorization')),
    mount,
    addressOf(ctx, context),
  )

/**
 * A mount with a source.
 * @throws FloecastError SOURCE_NOT_FOUND
 */
export function liveMount({ mounts }: Pick<ServerContext, 'mounts'>, name: string): Mount {
  const mount = mounts.get(name)
  if (mount?.source === undefined) throw new FloecastError('SOURCE_NOT_FOUND', { mount: name })
  return mount
}

/** What Icecast answers to most of its commands: a sentence, and whether it was done. */
export const iceResponse = (message: string, done: boolean): XmlOutput => ({
  name: 'iceresponse',
  children: [xmlText('message', message), xmlText('return', done ? 1 : 0)],
})

/** Writes down who has done what, where administrators read it. */
export function note({ context, ctx, who }: Call, action: string, target: string, summary: string): Promise<void> {
  return context.state.audit.record({ who: who || 'admin', via: 'password', address: addressOf(ctx, context), action, target, summary })
}

function give(ctx: Context, answer: XmlOutput | void): void {
  if (answer === undefined) return
  dress(ctx)
  ctx.set('Content-Type', 'text/xml; charset=utf-8')
  ctx.body = formatXml(answer)
}
