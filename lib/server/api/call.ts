import type { AnswerOf, BodyOf, Operation, OperationId, Operations, ParamsOf, Principal, QueryOf } from '../../api/index.js'
import type { Visit } from '../address.js'

/** The cookie in which a browser keeps its session. */
export interface SessionCookie {
  /** The secrets that the request shows; whether they open anything is another question. */
  readonly secrets: readonly string[]
  /** Has the browser keep a secret. */
  give(secret: string): void
  /** Has the browser forget. */
  takeBack(): void
}

/** One call of an operation, checked: the caller may make it, and all that it brings is as the schema says. */
export interface Call<O extends Operation> {
  /** Parameters in the path; `mount` with its first slash. */
  readonly params: ParamsOf<O>
  /** Parameters behind the `?`. */
  readonly query: QueryOf<O>
  /** What the request brings. */
  readonly body: BodyOf<O>
  /** Who calls; `undefined` where everyone may. */
  readonly who: Principal | undefined
  /** Whether the caller may still do so: for answers that go on, as the session, the token or the password may have ended since. */
  readonly stands: () => boolean
  /** The session of the browser that calls. */
  readonly cookie: SessionCookie
  /** Where the call comes from. */
  readonly address: string
  /** What the request tells about the address of this server. */
  readonly visit: Visit
}

/** Does what an operation is for. What it throws as a `FloecastError` is the answer. */
export type Handler<O extends Operation> = (call: Call<O>) => AnswerOf<O> | Promise<AnswerOf<O>>

/** Handlers of operations that give JSON or nothing, by the operation's name. */
export type Handlers = { readonly [Id in OperationId]?: Handler<Operations[Id]> }
