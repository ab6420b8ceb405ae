import { z } from 'zod'

/** What the API answers, with a status of 400 or more, when it does not do what it was asked. */
export const refusal = z.strictObject({
  error: z.strictObject({
    code: z.string().describe('For programs, such as WRONG_PASSWORD; the codes stand in docs/errors.md'),
    message: z.string().describe('For people: what is wrong, and what to do'),
  }),
})

/** What the API answers, with a status of 400 or more, when it does not do what it was asked. */
export type Refusal = z.infer<typeof refusal>
