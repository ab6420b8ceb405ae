import { FloecastError } from '../errors.js'
import { createMetadata } from '../icy/metadata.js'
import { Exchange } from './exchange.js'
import { plainText, sourceRefusal } from './refusal.js'
import type { MetadataFields, SourceTarget } from './source-target.js'

/**
 * Tells a server what plays from now on, on a mount that is live.
 * @throws FloecastError when the server does not take it
 */
export async function updateTitle(target: SourceTarget, { title = '', artist = '', url }: MetadataFields): Promise<void> {
  const { display } = createMetadata({ title, artist })
  const doing = target.telling
  const exchange = new Exchange(target.adminUrl, doing, target.options)
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
