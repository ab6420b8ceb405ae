import { type CANCEL_SYMBOL, cancel, confirm, intro, isCancel, log, note, outro, password, select, spinner, text } from '@clack/prompts'
import { UsageError } from '../command-line.js'
import type { SourceArguments } from './arguments.js'
import { Cancelled } from './cancelled.js'
import { isProfileName, type Profiles } from './profiles.js'
import { parseTarget, withPassword } from './target.js'

/** What the questions need to look at answers. */
export interface Checks {
  /** @throws Error with a sentence when the server cannot be reached, or does not take the password */
  server(address: URL): Promise<void>
  /** @returns how many entries the list has. @throws Error with a sentence when there is nothing to play */
  sources(sources: readonly string[]): Promise<number>
}

/**
 * Asks on a terminal for all that is needed: where to send, and what.
 * @param given what the command line says already, which is not asked
 * @throws Cancelled
 */
export async function ask(given: SourceArguments, profiles: Profiles, checks: Checks): Promise<SourceArguments> {
  intro('floecast-source')
  const kept = await chooseProfile(given, profiles)
  if (kept !== undefined) {
    outro(`As kept in the profile ${kept.name}`)
    return kept.args
  }
  const address = await askServer(given, checks)
  const sources = given.sources.length > 0 ? given.sources : await askSources(checks)
  const args = { sources, values: { ...given.values, to: plainAddress(address), password: decodeURIComponent(address.password) } }
  await offerProfile(args, profiles)
  outro('Going live')
  return args
}

/** An answer, unless there is none. */
async function answer<T>(question: Promise<T | typeof CANCEL_SYMBOL>): Promise<T> {
  const given = await question
  if (!isCancel(given)) return given
  cancel('Nothing was started.')
  throw new Cancelled()
}

async function chooseProfile(given: SourceArguments, profiles: Profiles): Promise<{ name: string; args: SourceArguments } | undefined> {
  if (given.sources.length > 0 || Object.keys(given.values).length > 0) return undefined
  const names = await profiles.names()
  if (names.length === 0) return undefined
  const options = [...names.map((value) => ({ value, label: value })), { value: '', label: 'Something new' }]
  const name = await answer(select({ message: 'What would you like to stream?', options }))
  return name === '' ? undefined : { name, args: await profiles.read(name) }
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function askServer({ values }: SourceArguments, checks: Checks): Promise<URL> {
  let to = typeof values.to === 'string' ? values.to : undefined
  let secret = typeof values.password === 'string' ? values.password : undefined
  for (;;) {
    to ??= await answer(
      text({
        message: 'Which server? Its address stands where floecast was started, or ask whoever runs it.',
        placeholder: 'localhost:8000',
        defaultValue: 'localhost:8000',
        validate: (value) => problemOf(() => parseTarget(value || 'localhost')),
      }),
    )
    let address = parseTarget(to)
    if (values.to === undefined && !/[^/:]\/[^/]/.test(to)) {
      const mount = await answer(
        text({
          message: 'Under which name (mount)? Viewers find the stream there.',
          placeholder: '/live',
          defaultValue: '/live',
          validate: (value) => (/^\/?[^\s?#]*$/.test(value ?? '') ? undefined : 'A mount is a path without blanks, such as /live.'),
        }),
      )
      address.pathname = mount.startsWith('/') ? mount : `/${mount}`
    }
    if (address.password === '' || secret !== undefined)
      address = withPassword(
        address,
        (secret ??= await answer(
          password({
            message: 'The password of sources? The first start of floecast shows it.',
            validate: (value) => (value === undefined || value === '' ? 'Without the password no server takes a stream.' : undefined),
          }),
        )),
      )
    const wait = spinner()
    wait.start('Asking the server')
    try {
      await checks.server(address)
      wait.stop(`${address.host} takes a stream at ${address.pathname}`)
      return address
    } catch (error) {
      wait.error(sentenceOf(error))
      // What was given on the command line is asked anew, too: it is not right.
      to = undefined
      secret = undefined
    }
  }
}

function problemOf(act: () => unknown): string | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    return sentenceOf(error)
  }
}

async function askSources(checks: Checks): Promise<readonly string[]> {
  const kind = await answer(
    select({
      message: 'What would you like to stream?',
      options: [
        { value: 'files', label: 'Files', hint: 'films, music, a folder, a playlist' },
        { value: 'webcam:', label: 'Camera' },
        { value: 'screen:', label: 'Screen' },
        { value: 'test:', label: 'Test picture', hint: 'to try it out' },
      ],
    }),
  )
  if (kind !== 'files') return [kind]
  for (;;) {
    const typed = await answer(
      text({
        message: 'Which files, folders or playlists? You can drag them here; blanks stand between them.',
        placeholder: 'film.mp4 more/*.mkv "my music"',
        validate: (value) => (splitWords(value ?? '').length === 0 ? 'Name at least one.' : undefined),
      }),
    )
    const sources = splitWords(typed)
    try {
      const count = await checks.sources(sources)
      log.success(count === 1 ? '1 entry' : `${count} entries`)
      return sources
    } catch (error) {
      log.error(sentenceOf(error))
    }
  }
}

/** Words with blanks between them, as a shell has them: in quotes, or with a backslash before what belongs to the word. */
export function splitWords(line: string): string[] {
  const words = line.match(/(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? []
  return words.map((word) =>
    word.replace(
      /"([^"]*)"|'([^']*)'|\\(.)/g,
      (_, double?: string, single?: string, escaped?: string) => double ?? single ?? escaped ?? '',
    ),
  )
}

const plainAddress = (address: URL): string => {
  const plain = new URL(address)
  plain.username = plain.password = ''
  return plain.href
}

async function offerProfile(args: SourceArguments, profiles: Profiles): Promise<void> {
  const wanted = await answer(confirm({ message: 'Keep this, so that it is one command the next time?', initialValue: true }))
  if (!wanted) return
  const name = await answer(
    text({
      message: 'Under which name?',
      placeholder: 'home',
      defaultValue: 'home',
      validate: (value) => (value === undefined || value === '' || isProfileName(value) ? undefined : 'Use letters, digits, - and _.'),
    }),
  )
  const withSecret = await answer(confirm({ message: 'Keep the password with it? Only you can read the file.', initialValue: false }))
  const { password: secret, ...values } = args.values
  try {
    await profiles.write(name, { ...args, values: withSecret && secret !== undefined ? { ...values, password: secret } : values })
    note(`floecast-source --profile ${name}`, 'The next time')
  } catch (error) {
    if (error instanceof UsageError) throw error
    log.warn(sentenceOf(error))
  }
}
