import { z } from 'zod'
import { operation } from './operation.js'

/** Whoever has signed in. */
export const principal = z.strictObject({
  name: z.string().describe('Name by which they signed in'),
  role: z.enum(['admin', 'owner', 'viewer']).describe('admin may do everything; an owner manages some mounts; a viewer only looks'),
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
}
