/*
 * This example shows how to:
 *  1. decide yourself who may publish, listen and administer, with your own list of people
 *  2. keep passwords as hashes only
 *  3. open some mounts to everyone and others to members
 */
import { type Attempt, type Auth, createServer, hashPassword, verifyPassword } from '../lib/index.js'

interface Person {
  readonly hash: string
  readonly publishes: readonly string[]
  readonly member: boolean
}

// A stand-in for your data base.
const people = new Map<string, Person>([
  ['ada', { hash: await hashPassword('engine'), publishes: ['/live', '/members/studio'], member: true }],
  ['ben', { hash: await hashPassword('listen'), publishes: [], member: true }],
])

const find = async ({ user, password }: Attempt): Promise<Person | undefined> => {
  const person = people.get(user)
  return person !== undefined && (await verifyPassword(password, person.hash)) ? person : undefined
}

const auth: Auth = {
  source: async (attempt) => (await find(attempt))?.publishes.includes(attempt.mount ?? '') ?? false,
  listener: async (attempt) => !attempt.mount?.startsWith('/members/') || ((await find(attempt))?.member ?? false),
  admin: ({ address }) => address === '127.0.0.1' || address === '::1',
}

const server = createServer({ auth })
const { port } = await server.listen({ port: Number(process.env['PORT'] ?? 8000) })
console.log(`http://localhost:${port}: publish to /live or /members/studio as ada / engine; only members hear the second`)
process.once('SIGINT', () => void server.close())
