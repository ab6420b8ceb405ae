/**
 * Whether a request for a mount comes from a browser's address bar or a link, and so wants a page rather than media. Browsers that are told
 * to by a trustworthy origin say so themselves (`Sec-Fetch-Dest`); others are known by an `Accept` that begins as that of every browser does.
 * Java's own HTTP client puts HTML first, too, but knows no XHTML. Whoever asks for a range or for titles in between plays media.
 * @param header the value of a header, by its lower-case name
 */
export function wantsPage(method: string, header: (name: string) => string | undefined): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  if (header('range') !== undefined || header('icy-metadata') !== undefined) return false
  const destination = header('sec-fetch-dest')
  if (destination !== undefined && destination !== '') return destination === 'document'
  return /^\s*text\/html\s*,.*\bapplication\/xhtml\+xml\b/i.test(header('accept') ?? '')
}
