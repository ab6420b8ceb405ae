import { isUtf8 } from 'node:buffer'

/** The most characters of one text (a title, a name, a header's value) that floecast keeps. */
export const MAX_TEXT_LENGTH = 1024

// What Windows programs mean by the bytes 0x80 to 0x9f, which ISO-8859-1 leaves to control characters nobody uses.
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/**
 * Decodes text of a peer: by `charset` when it names an encoding (a label of the WHATWG Encoding Standard), else as UTF-8
 * when that is what the bytes are, else as ISO-8859-1 with the quotes of Windows-1252. It never throws.
 */
export function decodeText(bytes: Uint8Array, charset?: string): string {
  const label = charset?.trim().toLowerCase()
  // UTF-8 that is none is not taken at its word.
  if (label !== undefined && label !== '' && !/^(utf-?8|(iso-?8859-1|latin-?1|windows-1252))$/.test(label)) {
    try {
      return new TextDecoder(label).decode(bytes)
    } catch {
      // An encoding that nobody knows says nothing.
    }
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const latin = label !== undefined && /^(iso|latin|windows)/.test(label) && /1$|1252$/.test(label)
  if (!latin && isUtf8(buffer)) return buffer.toString('utf8')
  return buffer.toString('latin1').replace(/[\x80-\x9f]/g, (c) => WINDOWS_1252[c.charCodeAt(0) - 0x80]!)
}

/**
 * Makes text fit for one line of a header, a log or a page: control characters and line breaks become spaces, the ends are
 * trimmed, and it is cut to `limit` characters, never within one.
 */
export function cleanText(text: string, limit: number = MAX_TEXT_LENGTH): string {
  const line = text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ').trim()
  if (line.length <= limit) return line
  // A pair of surrogates is one character.
  const last = line.charCodeAt(limit - 1)
  return line.slice(0, last >= 0xd800 && last < 0xdc00 ? limit - 1 : limit).trimEnd()
}

/**
 * Undoes percent-encoding, down to bytes: which characters they are is another question. A `%` without two hex digits
 * stays as it is; characters beyond ASCII give their UTF-8 bytes.
 */
export function percentDecode(text: string): Buffer {
  const input = Buffer.from(text)
  if (!text.includes('%')) return input
  let size = 0
  for (let at = 0; at < input.length; at++) {
    let byte = input[at]!
    if (byte === 0x25) {
      const high = hexValue(input[at + 1])
      const low = hexValue(input[at + 2])
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low
        at += 2
      }
    }
    input[size++] = byte
  }
  return input.subarray(0, size)
}

/** The value of an ASCII hex digit, or -1. */
export function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
