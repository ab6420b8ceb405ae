import { FloecastError } from '../errors.js'
import { createMetadata } from '../icy/metadata.js'
import { Exchange } from './exchange.js'
import { plainText, sourceRefusal } from './refusal.js'
import type { MetadataFields, SourceTarget } from './source-target.js'

/**
 * Tells a server what plays from now on, on a mount that is live.
 * @throws FloecastError when the server does not take it
 */
export async function updateTitle(target: SourceTarget, fields: MetadataFields): Promise<void> {
  try {
    await tell(target, target.adminUrl, fields)
  } catch (error) {
    // SHOUTcast takes titles on the port before that of sources; floecast, and what stands in front of a server, has one port for both.
    const isAway = error instanceof FloecastError && error.code === 'SERVER_UNREACHABLE'
    if (!isAway || !target.isShoutcast || target.options.metadataPort !== undefined) throw error
    await tell(target, target.url, fields)
  }
}

async function tell(target: SourceTarget, to: URL, { title = '', artist = '', url }: MetadataFields): Promise<void> {
  const { display } = createMetadata({ title, artist })
  const doing = target.telling
  const exchange = new Exchange(to, doing, target.options)
  try {
    const more = [
      ['charset', 'UTF-8'],
      // Icecast 2.4 puts the last artist it was told in front of every title to come, but takes a whole line as it is.
      ['artist', artist === '' ? undefined : artist],
      ['title', artist === '' ? undefined : title],
    ] as const
    const words = [['mode', 'updinfo'], ['song', display], ...(target.isShoutcast ? [] : more), ['url', url]] as const
    exchange.socket.write(target.formatAdminRequest(words))
    const answer = await exchange.answer()
    if (answer.kind === 'login') throw new FloecastError('REQUEST_REFUSED', { doing, reason: `the server says "${answer.line}"` })
    const text = await exchange.text(answer)
    if (answer.status !== 200) throw sourceRefusal(doing, answer, text, target.credentials)
    if (/<return>0<\/return>/.test(text))
      throw new FloecastError('REQUEST_REFUSED', { doing, reason: `the server says "${plainText(text)}"` })
  } finally {
    exchange.close()
  }
}
