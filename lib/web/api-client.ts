import type { AnswerOf, BodyInputOf, Operation, Operations, ParamsOf, QueryInputOf, StatusReport } from '../api/index.js'
import { ROUTES } from './api-routes.js'

/** An operation that pages can call: those of {@link ROUTES}. */
export type Callable = keyof typeof ROUTES & keyof Operations

/** What a call brings: the parameters of its path, those behind the `?`, and its body, as far as there are any. */
export type Asked<O extends Operation> = { readonly query?: QueryInputOf<O> | undefined } & (keyof ParamsOf<O> extends never
  ? unknown
  : { readonly params: ParamsOf<O> }) &
  ('body' extends keyof O ? { readonly body: BodyInputOf<O> } : unknown)

interface Loose {
  readonly params?: Readonly<Record<string, string>> | undefined
  readonly query?: object | undefined
  readonly body?: unknown
}

type Arguments<O extends Operation> = object extends Asked<O> ? [asked?: Asked<O>] : [asked: Asked<O>]

/** The server has refused a call, or could not be reached: `message` is a sentence for people. */
export class CallError extends Error {
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number

  /**
   * @param status the HTTP status; 0 where there was no answer
   * @param message a sentence for people
   */
  constructor(status: number, message: string) {
    super(message)
    this.name = 'CallError'
    this.status = status
  }
}

/** Calls the API of the server that has given the page. */
export class ApiClient {
  readonly #prefix: string
  /** Hears when a call is refused because nobody is signed in any more. */
  onSignedOut: () => void = () => {}

  /** @param prefix the path below which the server is found, such as `/radio`; mostly empty */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /**
   * Calls an operation; a mount among its parameters is written with its first slash.
   * @throws CallError when the server refuses or does not answer
   */
  async call<Id extends Callable>(id: Id, ...[asked]: Arguments<Operations[Id]>): Promise<AnswerOf<Operations[Id]>> {
    const { params, query, body }: Loose = asked ?? {}
    return this.#ask(ROUTES[id][0], this.url(id, { params, query }), { body }, id === 'signIn' || id === 'getSession')
  }

  async #ask(method: string, url: string, { body }: { readonly body?: unknown }, isSigningIn = false): Promise<any> {
    let response: Response
    try {
      response = await fetch(url, {
        method,
        headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch {
      throw new CallError(0, 'The server does not answer. Is it running, and are you connected?')
    }
    if (response.ok) return response.status === 204 ? undefined : await response.json()
    if (response.status === 401 && !isSigningIn) this.onSignedOut()
    throw await refusal(response)
  }

  /** What is on the air, as everybody may know. @throws CallError */
  status(): Promise<StatusReport> {
    return this.#ask('GET', this.address('/status'), {})
  }

  /** The address of something below `/api/v1`. */
  address(path: string): string {
    return `${this.#prefix}/api/v1${path}`
  }

  /** The address of an operation, for what is not called but followed: a download, a stream of events. */
  url(id: Callable, asked: Pick<Loose, 'params' | 'query'> = {}): string {
    const [, template] = ROUTES[id]
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = asked.params?.[name] ?? ''
      return encodeURIComponent(name === 'mount' ? value.replace(/^\//, '') : value)
    })
    const query = new URLSearchParams()
    for (const [key, value] of Object.entries(asked.query ?? {})) if (value !== undefined) query.set(key, String(value))
    return `${this.address(path)}${query.size === 0 ? '' : `?${query}`}`
  }
}

// What stands in front of the server answers as it likes: only a refusal of our own is shown as it is.
async function refusal(response: Response): Promise<CallError> {
  let message = `The server refuses this (${response.status} ${response.statusText}).`
  try {
    const { error }: { error?: { message?: unknown } } = await response.json()
    if (typeof error?.message === 'string') message = error.message
  } catch {
    // No JSON, no words of ours.
  }
  return new CallError(response.status, message)
}
