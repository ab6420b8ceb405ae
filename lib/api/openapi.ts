import { z } from 'zod'
import type { Access, Operation } from './operation.js'
import { refusal } from './refusal.js'
import { webhookData, webhookPayload } from './webhooks.js'

/** A JSON schema, as OpenAPI 3.1 has them (draft 2020-12). */
export interface JsonSchema {
  /** Any keyword. */
  readonly [keyword: string]: unknown
}

/** A parameter of an operation, in an {@link OpenApi}. */
export interface OpenApiParameter {
  /** Its name. */
  readonly name: string
  /** Where it stands. */
  readonly in: 'path' | 'query'
  /** Whether it has to be there. */
  readonly required: boolean
  /** What it is. */
  readonly description?: string
  /** What it may be. */
  readonly schema: JsonSchema
}

/** Bodies by their media type, in an {@link OpenApi}. */
export type OpenApiContent = Readonly<Record<string, { readonly schema: JsonSchema }>>

/** One answer, in an {@link OpenApi}: told here, or where the reference leads. */
export type OpenApiResponse = { readonly description: string; readonly content?: OpenApiContent } | { readonly $ref: string }

/** One operation, in an {@link OpenApi}. */
export interface OpenApiOperation {
  /** Its name. */
  readonly operationId: string
  /** What it does, in a few words. */
  readonly summary: string
  /** What there is to know besides, and who may call it. */
  readonly description: string
  /** What it is about. */
  readonly tags: readonly string[]
  /** How to show who calls: any one of them; none where everyone may. */
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  /** What stands in its address. */
  readonly parameters: readonly OpenApiParameter[]
  /** What the request brings. */
  readonly requestBody?: { readonly required: true; readonly content: OpenApiContent }
  /** The answers by their status. */
  readonly responses: Readonly<Record<string, OpenApiResponse>>
  /** Who may call it. */
  readonly 'x-access': Access
  /** Of a stream of server-sent events: the schema of the data of each, by its name. */
  readonly 'x-events'?: Readonly<Record<string, JsonSchema>>
}

/** A description of the API as OpenAPI 3.1 has it. */
export interface OpenApi {
  /** Of the format. */
  readonly openapi: '3.1.0'
  /** What is described. */
  readonly info: Readonly<Record<string, unknown>>
  /** Where it is. */
  readonly servers: readonly { readonly url: string }[]
  /** What operations are about. */
  readonly tags: readonly { readonly name: string }[]
  /** The operations by path and method. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  /** What the server asks of others. */
  readonly webhooks: Readonly<Record<string, unknown>>
  /** What is used in several places. */
  readonly components: {
    /** Schemas by name. */
    readonly schemas: Readonly<Record<string, JsonSchema>>
    /** Answers by name. */
    readonly responses: Readonly<Record<string, OpenApiResponse>>
    /** How to show who calls, by name. */
    readonly securitySchemes: Readonly<Record<string, unknown>>
  }
}

/** Who may call an operation, in a sentence. */
export const WHO: Readonly<Record<Access, string>> = {
  anyone: 'Everyone may call it.',
  viewer: 'Whoever has signed in may call it.',
  owner: 'Owners of the mount and administrators may call it.',
  admin: 'Administrators may call it.',
}

const ABOUT =
  'All that can be done to the server. Bodies and answers are JSON; a refusal has a status of 400 or more and says why. Times are ISO 8601 in UTC. A {mount} in a path is its name without the first slash, percent-encoded.'

const PARAMETERS: Readonly<Record<string, string>> = {
  mount: 'Name of the mount without its first slash, percent-encoded',
  id: 'The id, as the list has it',
  name: 'The name, percent-encoded',
  address: 'The address, percent-encoded',
}

/** Describes operations as OpenAPI 3.1 does, relative to the server that gives the description. */
export function openApi(operations: Readonly<Record<string, Operation>>, version: string): OpenApi {
  const schemas: Record<string, JsonSchema> = {}
  const paths: Record<string, Record<string, OpenApiOperation>> = {}
  for (const [id, spec] of Object.entries(operations))
    paths[spec.path] = { ...paths[spec.path], [spec.method.toLowerCase()]: describe(id, spec, schemas) }
  const tags = [...new Set(Object.values(operations).map(tagOf))].toSorted()
  return {
    openapi: '3.1.0',
    info: { title: 'floecast', version, description: ABOUT, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/api/v1' }],
    tags: tags.map((name) => ({ name })),
    paths,
    webhooks: Object.fromEntries(Object.entries(webhookData).map(([event, data]) => [event, describeWebhook(event, data, schemas)])),
    components: {
      schemas,
      responses: {
        Refusal: {
          description: 'It was not done: the answer says why, and what to do',
          content: { 'application/json': { schema: toSchema('Refusal', refusal, 'output', schemas) } },
        },
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token, made with POST /tokens: for programs' },
        session: { type: 'apiKey', in: 'cookie', name: 'floecast_session', description: 'A session, begun with POST /session: for pages' },
        password: { type: 'http', scheme: 'basic', description: 'Name and password, with each request' },
      },
    },
  }
}

function describe(id: string, spec: Operation, schemas: Record<string, JsonSchema>): OpenApiOperation {
  const { access, summary, description, body, events } = spec
  const name = id.charAt(0).toUpperCase() + id.slice(1)
  const parameters = parametersOf(name, spec, schemas)
  const isAsked = access !== 'anyone'
  const refusals = [
    ...(parameters.length > 0 || body !== undefined ? [400] : []),
    ...(isAsked ? [401, 403, 429] : []),
    ...(parameters.some((one) => one.in === 'path') ? [404] : []),
  ]
  return {
    operationId: id,
    summary,
    description: [description, WHO[access]].filter(Boolean).join(' '),
    tags: [tagOf(spec)],
    security: isAsked ? [{ token: [] }, { session: [] }, { password: [] }] : [],
    parameters,
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: toSchema(`${name}Body`, body, 'input', schemas) } } },
    }),
    responses: {
      ...answerOf(name, spec, schemas),
      ...Object.fromEntries(refusals.map((status) => [String(status), REFUSAL])),
      default: REFUSAL,
    },
    'x-access': access,
    ...(events !== undefined && {
      'x-events': Object.fromEntries(
        Object.entries(events).map(([event, data]) => [event, toSchema(`${name}_${event}`, data, 'output', schemas)]),
      ),
    }),
  }
}

const REFUSAL: OpenApiResponse = { $ref: '#/components/responses/Refusal' }

function answerOf(name: string, spec: Operation, schemas: Record<string, JsonSchema>): Record<string, OpenApiResponse> {
  const { answer, contentType, events } = spec
  if (answer !== undefined) {
    const schema = toSchema(`${name}Answer`, answer, 'output', schemas)
    return { '200': { description: 'It is done', content: { 'application/json': { schema } } } }
  }
  if (contentType === undefined) return { '204': { description: 'It is done' } }
  const description = events === undefined ? 'What was asked for' : `A stream of the events ${Object.keys(events).join(', ')}`
  return { '200': { description, content: { [contentType]: { schema: contentType.includes('json') ? {} : { type: 'string' } } } } }
}

function parametersOf(name: string, { path, query }: Operation, schemas: Record<string, JsonSchema>): OpenApiParameter[] {
  const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, key = '']): OpenApiParameter => {
    const description = PARAMETERS[key]
    return { name: key, in: 'path', required: true, ...(description !== undefined && { description }), schema: { type: 'string' } }
  })
  // What is read is text, so what it is made of is what counts.
  const inQuery = Object.entries(query?.shape ?? {}).map(([key, value]): OpenApiParameter => {
    const { description, ...schema } = toSchema(`${name}_${key}`, value, 'output', schemas)
    const required = !value.safeParse(undefined).success
    return { name: key, in: 'query', required, ...(typeof description === 'string' && { description }), schema }
  })
  return [...inPath, ...inQuery]
}

function describeWebhook(event: string, data: z.ZodType, schemas: Record<string, JsonSchema>): unknown {
  const schema = toSchema(
    `Webhook_${event}`,
    webhookPayload.extend({ event: z.literal(event), data: data.describe('What there is to say about it') }),
    'output',
    schemas,
  )
  return {
    post: {
      summary: data.description ?? event,
      requestBody: { required: true, content: { 'application/json': { schema } } },
      responses: { '2XX': { description: 'It has come; any other answer has it sent again, as POST /webhooks says' } },
    },
  }
}

/** What the first part of a path says. */
const tagOf = ({ path }: Operation): string => path.split('/')[1]!.replace(/\..*$/, '')

// A schema by itself; what it refers to, as those do that contain themselves, moves to where all of the document finds it.
function toSchema(name: string, type: z.ZodType, io: 'input' | 'output', schemas: Record<string, JsonSchema>): JsonSchema {
  const { $schema: _, $defs: definitions, ...schema }: JsonSchema = z.toJSONSchema(type, { io, unrepresentable: 'any' })
  const prefix = `${name.replaceAll(/[^\w-]/g, '_')}_`
  const isRecursive = JSON.stringify(schema).includes('"$ref":"#"')
  const root = `${prefix}self`
  for (const [key, value] of Object.entries(definitions ?? {})) schemas[prefix + key] = tidy(value, prefix, root)
  const tidied = tidy(schema, prefix, root)
  if (!isRecursive) return tidied
  schemas[root] = tidied
  return { $ref: `#/components/schemas/${root}` }
}

function tidy(schema: unknown, prefix: string, root: string): JsonSchema {
  const text = JSON.stringify(schema, (key, value: unknown) => {
    // Whatever is a whole number is said to be one that JSON can hold.
    if ((key === 'maximum' && value === Number.MAX_SAFE_INTEGER) || (key === 'minimum' && value === Number.MIN_SAFE_INTEGER))
      return undefined
    if (key === '$ref' && value === '#') return `#/components/schemas/${root}`
    if (key === '$ref' && typeof value === 'string') return value.replace('#/$defs/', `#/components/schemas/${prefix}`)
    // What is secret is never shown, so it only goes one way.
    if (typeof value === 'object' && value !== null && 'secret' in value && value.secret === true) {
      const { secret: __, ...rest } = value
      return { ...rest, writeOnly: true }
    }
    return value
  })
  const tidied: JsonSchema = JSON.parse(text)
  return tidied
}
