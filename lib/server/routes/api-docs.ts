import type { JsonSchema, OpenApi, OpenApiOperation, OpenApiParameter } from '../../api/openapi.js'
import { escapeMarkup as escape } from '../../pages/markup.js'

interface Entry {
  readonly path: string
  readonly method: string
  readonly spec: OpenApiOperation
}

/** Writes a description of the API for people, as the markup of a page that needs no script. */
export function apiDocs(document: OpenApi): string {
  const { paths, tags, servers, info, webhooks } = document
  const base = servers[0]!.url
  const entries = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, spec]): Entry => ({ path, method: method.toUpperCase(), spec })),
  )
  const groups = tags.map(({ name }) => ({ name, entries: entries.filter(({ spec }) => spec.tags.includes(name)) }))
  return `<header class="head"><h1>floecast API</h1>
<p>${escape(String(info['description']))}</p>
<p>It is at <code>${escape(base)}</code>, version ${escape(String(info['version']))}. Programs read the same as <a href="openapi.json">OpenAPI 3.1</a>.</p>
<h2 id="signing-in">Signing in</h2>
<p>Programs send a token: <code>Authorization: Bearer fc_…</code>. Pages sign in with <a href="#signIn">signIn</a> and have a cookie. Name and password by <code>Authorization: Basic</code> do as well, with each request.</p>
</header>
<nav class="contents" aria-label="Operations">${groups.map(contents).join('')}
<section><h2>What webhooks are told</h2><ul>${Object.keys(webhooks)
    .map((name) => `<li><a href="#webhook-${escape(name)}">${escape(name)}</a></li>`)
    .join('')}</ul></section></nav>
<main>${groups.map(({ name, entries: some }) => `<h2 class="topic">${escape(name)}</h2>${some.map((entry) => section(entry, base)).join('')}`).join('')}
<h2 class="topic">What webhooks are told</h2>${Object.entries(webhooks)
    .map(([name, hook]) => webhookSection(name, hook))
    .join('')}</main>`
}

const contents = ({ name, entries }: { readonly name: string; readonly entries: readonly Entry[] }): string =>
  `<section><h2>${escape(name)}</h2><ul>${entries
    .map(
      ({ spec: { operationId, summary } }) =>
        `<li><a href="#${escape(operationId)}" title="${escape(summary)}">${escape(operationId)}</a></li>`,
    )
    .join('')}</ul></section>`

function section({ path, method, spec }: Entry, base: string): string {
  const { operationId, summary, description, parameters, requestBody, responses } = spec
  const body = requestBody?.content['application/json']?.schema
  const done = responses['200']
  const content = done !== undefined && 'content' in done ? done.content : undefined
  const answer = content?.['application/json']?.schema
  const events = Object.entries(spec['x-events'] ?? {})
  const other = Object.keys(content ?? {}).find((type) => type !== 'application/json')
  return `<article id="${escape(operationId)}">
<h3><a class="anchor" href="#${escape(operationId)}">${escape(summary)}</a></h3>
<p class="call"><span class="method ${method.toLowerCase()}">${method}</span> <code>${escape(path)}</code> <span class="soft">${escape(operationId)}</span></p>
<p>${escape(description)}</p>
${parameters.length === 0 ? '' : `<h4>Parameters</h4>${fields(parameters.map(parameterField))}`}
${body === undefined ? '' : `<h4>Request</h4>${inside(body)}`}
<h4>Answer</h4>${answer === undefined ? `<p class="small">${other === undefined ? '204, without a body' : escape(other)}</p>` : inside(answer)}
${events.map(([name, schema]) => `<h5>Event <code>${escape(name)}</code></h5>${inside(schema)}`).join('')}
<pre tabindex="0"><code>${escape(curl({ path, method, spec }, base, body))}</code></pre>
</article>`
}

interface Post {
  readonly post: {
    readonly summary: string
    readonly requestBody: { readonly content: { readonly 'application/json': { readonly schema: JsonSchema } } }
  }
}

function webhookSection(name: string, hook: unknown): string {
  if (!isPost(hook)) return ''
  const { summary, requestBody } = hook.post
  return `<article id="webhook-${escape(name)}"><h3><a class="anchor" href="#webhook-${escape(name)}">${escape(summary)}</a></h3>
<p class="call"><span class="method post">POST</span> <code>${escape(name)}</code></p>${inside(requestBody.content['application/json'].schema)}</article>`
}

const isPost = (hook: unknown): hook is Post => typeof hook === 'object' && hook !== null && 'post' in hook

interface Field {
  readonly name: string
  readonly required: boolean
  readonly schema: JsonSchema
}

const parameterField = ({ name, required, description, schema, in: where }: OpenApiParameter): Field => ({
  name: where === 'path' ? `{${name}}` : name,
  required,
  schema: { ...schema, ...(description !== undefined && { description }) },
})

/** The fields of an object, or what else a schema is. */
function inside(schema: JsonSchema): string {
  const some = fieldsOf(schema)
  return some.length === 0 ? `<p class="small">${escape(typeOf(schema))}</p>` : fields(some)
}

const fields = (some: readonly Field[]): string => `<ul class="fields">${some.map((one) => field(one)).join('')}</ul>`

function field({ name, required, schema }: Field): string {
  const { description, default: fallback } = schema
  const nested = fieldsOf(schema)
  const text = `<code>${escape(name)}</code> <span class="type">${escape(typeOf(schema))}${required ? '' : ', may be left out'}${
    fallback === undefined ? '' : `, else ${escape(JSON.stringify(fallback))}`
  }</span>${typeof description === 'string' ? ` <span class="what">${escape(description)}</span>` : ''}`
  return nested.length === 0 ? `<li>${text}</li>` : `<li><details><summary>${text}</summary>${fields(nested)}</details></li>`
}

const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a schema may be: itself, or any of several; that it may be null is said by its type. */
function choices(schema: JsonSchema): JsonSchema[] {
  const several = schema['anyOf'] ?? schema['oneOf']
  return Array.isArray(several) ? several.filter(isSchema).filter(({ type }) => type !== 'null') : [schema]
}

function fieldsOf(schema: JsonSchema): Field[] {
  // What refers to what may contain itself: there it ends.
  if (schema['$ref'] !== undefined) return []
  return choices(schema).flatMap((one) => {
    if (isSchema(one['items'])) return fieldsOf(one['items'])
    if (isSchema(one['additionalProperties']) && one['properties'] === undefined) return fieldsOf(one['additionalProperties'])
    const { properties, required } = one
    if (!isSchema(properties)) return []
    const needed: readonly unknown[] = Array.isArray(required) ? required : []
    return Object.entries(properties).flatMap(([name, inner]) =>
      isSchema(inner) ? [{ name, required: needed.includes(name), schema: inner }] : [],
    )
  })
}

function typeOf(schema: JsonSchema): string {
  const several = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(several)) return [...new Set(several.filter(isSchema).map((one) => typeOf(one)))].join(' or ')
  const { type, enum: allowed, const: only, items, format, $ref: reference } = schema
  if (reference !== undefined) return 'anything that JSON can hold'
  if (only !== undefined) return JSON.stringify(only)
  if (Array.isArray(allowed)) return allowed.map((one) => JSON.stringify(one)).join(' | ')
  if (Array.isArray(type)) return type.map((one) => TYPES[one] ?? String(one)).join(' or ')
  if (type === 'array') return isSchema(items) ? `list of ${typeOf(items)}` : 'list'
  if (typeof format === 'string') return FORMATS[format] ?? String(type)
  return typeof type === 'string' ? (TYPES[type] ?? type) : 'anything'
}

const TYPES: Readonly<Record<string, string>> = { string: 'text', integer: 'whole number', boolean: 'true or false' }
const FORMATS: Readonly<Record<string, string>> = { 'date-time': 'time', uri: 'address' }

// Something that fits, to begin with.
function example(schema: JsonSchema, depth = 0): unknown {
  const [one = {}] = choices(schema)
  const { examples, default: fallback, enum: allowed, const: only, type, properties, items, required } = one
  if (Array.isArray(examples) && examples.length > 0) return examples[0]
  if (only !== undefined) return only
  if (Array.isArray(allowed)) return allowed[0]
  if (fallback !== undefined) return fallback
  if (type === 'array') return isSchema(items) && depth < 3 ? [example(items, depth + 1)] : []
  if (type === 'boolean') return true
  if (type === 'integer' || type === 'number') return typeof one['minimum'] === 'number' ? one['minimum'] : 1
  if (isSchema(properties) && depth < 3) {
    const needed: readonly unknown[] = Array.isArray(required) ? required : []
    const whole = Object.entries(properties).filter(([name]) => needed.length === 0 || needed.includes(name))
    return Object.fromEntries(whole.flatMap(([name, inner]) => (isSchema(inner) ? [[name, example(inner, depth + 1)]] : [])))
  }
  return type === 'object' ? {} : one['format'] === 'uri' ? 'https://example.org/' : '…'
}

function curl({ path, method, spec }: Entry, base: string, body: JsonSchema | undefined): string {
  const where = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())
  const parts = ['curl']
  if (spec['x-events'] !== undefined) parts.push('-N')
  if (method !== 'GET' && !(method === 'POST' && body !== undefined)) parts.push('-X', method)
  if (spec.security.length > 0) parts.push('-H', quote('Authorization: Bearer TOKEN'))
  parts.push(quote(base + where))
  if (body !== undefined) parts.push('--json', quote(JSON.stringify(example(body))))
  return parts.join(' ')
}

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
