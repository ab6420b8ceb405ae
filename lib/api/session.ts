import { z } from 'zod'
import { operation } from './operation.js'

/** What somebody may do. */
export const role = z.enum(['admin', 'owner', 'viewer'])

/** Whoever has signed in. */
export const principal = z.strictObject({
  name: z.string().describe('Name by which they signed in'),
  role: role.describe('admin may do everything; an owner manages some mounts; a viewer only looks'),
  mounts: z.array(z.string()).describe('The mounts of an owner; a name that ends in * stands for all that begin so'),
  via: z.enum(['session', 'token', 'password']).describe('How they have shown who they are'),
})

/** Whoever has signed in. */
export type Principal = z.infer<typeof principal>

/** Signing in and out. */
export const session = {
  getSession: operation({
    method: 'GET',
    path: '/session',
    summary: 'Tells who is signed in',
    access: 'viewer',
    answer: principal,
  }),
  signIn: operation({
    method: 'POST',
    path: '/session',
    summary: 'Signs in',
    description:
      'The answer sets the cookie floecast_session, which pages of this server send along by themselves. A session ends twelve hours after it was last used, when the password changes, and when the server does. Wrong passwords are slowed down, then refused (429).',
    access: 'anyone',
    body: z.strictObject({
      user: z.string().min(1).max(256).describe('Name of the administrator or of a person'),
      password: z.string().min(1).max(1024).describe('The password').meta({ secret: true }),
    }),
    answer: principal,
  }),
  signOut: operation({
    method: 'DELETE',
    path: '/session',
    summary: 'Signs out',
    description: 'Ends the session that the request shows, and takes its cookie back. It is no mistake when there is none.',
    access: 'anyone',
  }),
}
