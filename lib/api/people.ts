import { z } from 'zod'
import { operation } from './operation.js'
import { role } from './session.js'

const name = z
  .string()
  .regex(/^[^\p{Cc}:]{1,64}$/u, 'a name has 1 to 64 characters, no colon and no control characters')
  .refine((text) => text === text.trim(), 'a name neither begins nor ends with a space')
  .describe('Name: 1 to 64 characters without a colon; large and small letters are the same')
const password = z
  .string()
  .min(8)
  .max(256)
  .regex(/^\P{Cc}*$/u, 'a password has no control characters')
  .describe('Password: 8 to 256 characters')
  .meta({ secret: true })
const mounts = z
  .array(
    z
      .string()
      .max(1024)
      .regex(/^\/\P{Cc}*$/u, 'the name of a mount begins with /'),
  )
  .max(1000)
  .describe('The mounts of an owner, such as /live; a name that ends in * stands for all that begin so. Empty for other roles')
const someRole = role.describe('admin may do everything; an owner manages and publishes to some mounts; a viewer only looks')
const time = z.iso.datetime()

/** Somebody who can sign in. */
export const person = z.strictObject({
  name,
  role: someRole,
  mounts,
  created: time.describe('When they were added, ISO 8601 in UTC'),
  lastSeen: time.nullable().describe('When they were last there, ISO 8601 in UTC, to a few minutes; null for never'),
})

/** Somebody who can sign in. */
export type Person = z.infer<typeof person>

/** A token, without the secret part that opens anything. */
export const token = z.strictObject({
  id: z.string().describe('By which it is revoked'),
  name: name.describe('What it is for'),
  role: someRole,
  mounts,
  created: time.describe('When it was made, ISO 8601 in UTC'),
  lastUsed: time.nullable().describe('When it was last used, ISO 8601 in UTC, to a few minutes; null for never'),
  expires: time.nullable().describe('When it ends by itself, ISO 8601 in UTC; null for never'),
})

/** A token, without the secret part that opens anything. */
export type Token = z.infer<typeof token>

/** Who can sign in besides the administrator of the configuration, and what programs sign in with. */
export const people = {
  listPeople: operation({
    method: 'GET',
    path: '/people',
    summary: 'Lists everybody who can sign in',
    description: 'Without the administrator of the configuration, who is always there.',
    access: 'admin',
    answer: z.strictObject({ people: z.array(person).describe('By name') }),
  }),
  addPerson: operation({
    method: 'POST',
    path: '/people',
    summary: 'Adds a person',
    access: 'admin',
    body: z.strictObject({ name, password, role: someRole, mounts: mounts.default([]) }),
    answer: person,
  }),
  changePerson: operation({
    method: 'PATCH',
    path: '/people/{name}',
    summary: 'Changes a person',
    description: 'What is left out stays as it is. Their sessions end.',
    access: 'admin',
    body: z.strictObject({ password: password.optional(), role: someRole.optional(), mounts: mounts.optional() }),
    answer: person,
  }),
  removePerson: operation({
    method: 'DELETE',
    path: '/people/{name}',
    summary: 'Removes a person',
    description: 'Their sessions end.',
    access: 'admin',
  }),
  changeOwnPassword: operation({
    method: 'PUT',
    path: '/session/password',
    summary: 'Changes the own password',
    description:
      'For people; the password of the administrator stands in the configuration. Their sessions end, but for the one that asks.',
    access: 'viewer',
    body: z.strictObject({
      current: z.string().min(1).max(1024).describe('The password so far').meta({ secret: true }),
      password,
    }),
  }),
  listTokens: operation({
    method: 'GET',
    path: '/tokens',
    summary: 'Lists the tokens of programs',
    access: 'admin',
    answer: z.strictObject({ tokens: z.array(token).describe('The newest first') }),
  }),
  makeToken: operation({
    method: 'POST',
    path: '/tokens',
    summary: 'Makes a token',
    description: 'A program sends it as Authorization: Bearer TOKEN. This answer is the only time that it is shown.',
    access: 'admin',
    body: z.strictObject({
      name: name.describe('What it is for'),
      role: someRole,
      mounts: mounts.default([]),
      expires: time.nullable().default(null).describe('When it ends by itself, ISO 8601 in UTC; null for never'),
    }),
    answer: z.strictObject({
      id: token.shape.id,
      token: z.string().describe('The token, which begins with fc_').meta({ secret: true }),
    }),
  }),
  revokeToken: operation({
    method: 'DELETE',
    path: '/tokens/{id}',
    summary: 'Revokes a token',
    access: 'admin',
  }),
}
