import { findAssets } from './assets.js'
import { escapeMarkup as escape } from './markup.js'

/** What a page is made of. */
export interface Page {
  /** In the title bar. */
  readonly title: string
  /** Of `lib/web/entries`, without an ending: its script and its style. */
  readonly entry: string
  /** The path below which the server is found, such as `/radio`; mostly empty. */
  readonly prefix: string
  /** What the script begins with, so that it need not ask; anything that JSON can hold. */
  readonly data?: unknown
  /** What stands there for those who run no script, as markup that is safe already. */
  readonly plain?: string
}

// Nothing from elsewhere, nothing that stands in the page itself: text of a source does no harm even if it gets through. Media are played from blob:, by workers of blob:.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "media-src 'self' blob:",
  "connect-src 'self'",
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'self'",
]

/**
 * The headers of a page.
 * @param frames who may show it in a frame: any site, the same one, or none
 */
export const pageHeaders = (frames: '*' | "'self'" | "'none'"): Readonly<Record<string, string>> => ({
  'Content-Security-Policy': [...POLICY, `frame-ancestors ${frames}`].join('; '),
  'Referrer-Policy': 'same-origin',
  'Permissions-Policy': 'browsing-topics=()',
  'Content-Type': 'text/html; charset=utf-8',
})

/**
 * Writes a page: a head, what it begins with, and what loads the rest.
 * @throws Error when `npm run build` has not been run
 */
export function formatPage({ title, entry, prefix, data, plain = '' }: Page): string {
  const link = (name: string, write: (url: string) => string): string => {
    const file = findAssets().file(name)
    return file === undefined ? '' : write(`${escape(prefix)}/assets/${file}`)
  }
  // No end of a script can stand in it: every < is written otherwise.
  const json = JSON.stringify({ prefix, ...(data === undefined ? {} : { data }) }).replaceAll('<', '\\u003c')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}</title>
${link('icon.svg', (url) => `<link rel="icon" href="${url}">`)}
${link('theme.js', (url) => `<script src="${url}"></script>`)}
${link(`${entry}.css`, (url) => `<link rel="stylesheet" href="${url}">`)}
<script type="application/json" id="start">${json}</script>
${link(`${entry}.js`, (url) => `<script type="module" src="${url}"></script>`)}
</head>
<body>
<div id="app">${plain}</div>
</body>
</html>
`
}
