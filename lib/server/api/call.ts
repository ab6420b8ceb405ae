import type { AnswerOf, BodyOf, Operation, OperationId, Operations, ParamsOf, Principal, QueryOf } from '../../api/index.js'
import type { Visit } from '../address.js'

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
  /** Where the call comes from. */
  readonly address: string
  /** What the request tells about the address of this server. */
  readonly visit: Visit
}

/** Does what an operation is for. What it throws as a `FloecastError` is the answer. */
export type Handler<O extends Operation> = (call: Call<O>) => AnswerOf<O> | Promise<AnswerOf<O>>

/** Handlers of operations that give JSON or nothing, by the operation's name. */
export type Handlers = { readonly [Id in OperationId]?: Handler<Operations[Id]> }
