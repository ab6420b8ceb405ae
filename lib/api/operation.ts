import type { z } from 'zod'

/**
 * Who may call an operation: everyone; whoever has signed in, be it only to look (`viewer`); who has a right to the mount that it is
 * about (`owner`); or administrators.
 */
export type Access = 'anyone' | 'viewer' | 'owner' | 'admin'

/** What an operation of the API is: the server binds it, the pages call it, and the OpenAPI document describes it, all from here. */
export interface Operation {
  /** What HTTP calls it. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/api/v1`, with parameters in braces; `{mount}` is the name of a mount without its first slash, percent-encoded. */
  readonly path: `/${string}`
  /** What it does, in a few words. */
  readonly summary: string
  /** What there is to know besides. */
  readonly description?: string
  /** Who may call it. */
  readonly access: Access
  /** Parameters behind the `?`, all of them text. */
  readonly query?: z.ZodObject
  /** What the request brings, as JSON. */
  readonly body?: z.ZodType
  /** What the answer brings, as JSON; without it there is nothing to bring (204), or what {@link Operation.contentType} says. */
  readonly answer?: z.ZodType
  /** Of an answer that is not JSON, such as a file. */
  readonly contentType?: string
  /** Of a stream of server-sent events: what the data of each is, by its name. */
  readonly events?: Readonly<Record<string, z.ZodType>>
}

/** Keeps the exact types of an operation. */
export const operation = <const O extends Operation>(spec: O): O => spec

type Names<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never

/** The parameters in the path of an operation. */
export type ParamsOf<O extends Operation> = Readonly<Record<Names<O['path']>, string>>
/** The parameters behind the `?`, as they are checked. */
export type QueryOf<O extends Operation> = O extends { readonly query: infer Q extends z.ZodType }
  ? z.output<Q>
  : Readonly<Record<string, never>>
/** What a caller may write behind the `?`. */
export type QueryInputOf<O extends Operation> = O extends { readonly query: infer Q extends z.ZodType }
  ? z.input<Q>
  : Readonly<Record<string, never>>
/** What a request brings, as it is checked. */
export type BodyOf<O extends Operation> = O extends { readonly body: infer B extends z.ZodType } ? z.output<B> : undefined
/** What a caller may write. */
export type BodyInputOf<O extends Operation> = O extends { readonly body: infer B extends z.ZodType } ? z.input<B> : undefined
/** What an answer brings. */
export type AnswerOf<O extends Operation> = O extends { readonly answer: infer A extends z.ZodType } ? z.output<A> : undefined
