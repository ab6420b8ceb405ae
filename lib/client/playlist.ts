/**
 * The first address in a playlist of the kinds M3U and PLS, which stations give out in place of their streams.
 * @param text the playlist
 * @param base the playlist's own address, for addresses that are relative to it
 * @returns `undefined` when there is none
 */
export function firstEntry(text: string, base: URL): URL | undefined {
  for (const line of text.split(/[\r\n]+/)) {
    const entry = (/^\s*File\d+\s*=(.*)$/i.exec(line)?.[1] ?? (/^\s*([#[]|\w+=[^/]*$)/.test(line) ? '' : line)).trim()
    if (entry === '' || !URL.canParse(entry, base.href)) continue
    const url = new URL(entry, base)
    if (url.protocol === 'http:' || url.protocol === 'https:') return url
  }
  return undefined
}

/** Whether a media type is that of a playlist that {@link firstEntry} reads. */
export function isPlaylist(contentType: string): boolean {
  return /^(audio|application)\/(x-)?(mpegurl|scpls)\b/i.test(contentType)
}

/** Whether a text is an HLS playlist, whose entries are pieces of a stream and no streams. */
export function isHls(text: string): boolean {
  return /^#EXT-X-/m.test(text)
}
