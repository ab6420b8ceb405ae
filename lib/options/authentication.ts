import { z } from 'zod'
import { isToken, milliseconds, password, upstream } from './values.js'

const word = z.string().min(1).max(1024)
const strongWord = z.string().min(16).max(1024).meta({ secret: true, allowed: 'a secret of 16 characters or more' })

/** Who may use a mount, where not everybody may: whatever is named here lets listeners in, each by itself. */
export const authenticationOptions = z.strictObject({
  users: z
    .record(word, password)
    .optional()
    .describe('Listeners by name, each with a password, plain or a scrypt$ hash')
    .meta({ secret: true, examples: [{ anna: 'her-password' }], allowed: 'names with passwords: { anna: her-password }' }),
  htpasswd: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File of listeners and hashes of their passwords, a name:hash a line (bcrypt, apr1, scrypt, MD5 as Icecast has it); read again when it changes',
    )
    .meta({ examples: ['/etc/floecast/listeners'], allowed: 'the path of a file' }),
  allowDuplicateUsers: z.boolean().default(true).describe('Let the same name listen more than once at a time'),
  linkSecret: strongWord
    .optional()
    .describe('Secret that signs links (?expires=…&signature=…): whoever has such a link listens until it expires')
    .meta({ examples: ['sixteen-letters-or-more'] }),
  jwt: z
    .strictObject({
      secret: strongWord
        .optional()
        .describe('Secret of tokens signed with HS256')
        .meta({ examples: ['sixteen-letters-or-more'] }),
      publicKey: z
        .string()
        .startsWith('-----BEGIN PUBLIC KEY-----')
        .max(16_384)
        .optional()
        .describe('Public key of tokens signed with RS256, PS256, ES256 or EdDSA, as PEM')
        .meta({ examples: ['-----BEGIN PUBLIC KEY-----\n…'], allowed: 'a public key as PEM, from -----BEGIN PUBLIC KEY----- on' }),
      issuer: word
        .optional()
        .describe('What the claim iss must be')
        .meta({ examples: ['https://accounts.example'] }),
      audience: word
        .optional()
        .describe('What the claim aud must hold')
        .meta({ examples: ['radio'] }),
    })
    .optional()
    .describe(
      'JSON web tokens (?token=…, or Authorization: Bearer) that let in: their claim mount names mounts, and exp ends the listening',
    ),
  url: z
    .strictObject({
      listenerAdd: upstream
        .optional()
        .describe('Address that is asked, by POST as Icecast has it, whether somebody may listen')
        .meta({ examples: ['https://accounts.example/listener'] }),
      listenerRemove: upstream
        .optional()
        .describe('Address that is told when a listener has gone, and how long they have listened')
        .meta({ examples: ['https://accounts.example/listener'] }),
      streamAuth: upstream
        .optional()
        .describe('Address that is asked whether a source may send, in place of all passwords of sources')
        .meta({ examples: ['https://accounts.example/source'] }),
      mountAdd: upstream
        .optional()
        .describe('Address that is told when the mount goes on the air')
        .meta({ examples: ['https://accounts.example/mount'] }),
      mountRemove: upstream
        .optional()
        .describe('Address that is told when the mount goes off the air')
        .meta({ examples: ['https://accounts.example/mount'] }),
      username: word
        .optional()
        .describe('User name for these addresses, where they want one')
        .meta({ examples: ['floecast'] }),
      password: word
        .optional()
        .describe('Password for these addresses, where they want one')
        .meta({ secret: true, examples: ['say-it-to-them'] }),
      authHeader: word.default('icecast-auth-user: 1').describe('Header line of an answer that lets in, or the beginning of one'),
      timelimitHeader: word.default('icecast-auth-timelimit:').describe('Header of an answer that says for how many seconds'),
      headers: z
        .array(z.string().refine(isToken))
        .default([])
        .describe("Headers of the listener's request that are passed on")
        .meta({ allowed: 'a list of names of headers' }),
      headerPrefix: z.string().max(64).default('').describe('What stands before the names of those headers in what is sent'),
      timeout: milliseconds.min(100).max(60_000).default(5_000).describe('Milliseconds within which an answer must have come'),
      presumeInnocent: z.boolean().default(false).describe('Let listeners in when no answer has come in time'),
    })
    .optional()
    .describe('Addresses of a server of your own that is asked and told'),
})

/**
 * {@link authenticationOptions} with every default filled in.
 * @useDeclaredType
 */
export type AuthenticationSettings = z.output<typeof authenticationOptions>
