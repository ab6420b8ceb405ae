import { gzipSync } from 'node:zlib'
import type { Context } from 'koa'
import { findAssets } from '../assets.js'
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
  /** Whether other sites may show it in a frame. */
  readonly frames?: boolean
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

/** Answers with a page: a head, what it begins with, and what loads the rest. */
export function givePage(ctx: Context, { title, entry, prefix, data, plain = '', frames = false }: Page): void {
  const link = (name: string, write: (url: string) => string): string => {
    const file = findAssets().file(name)
    return file === undefined ? '' : write(`${escape(prefix)}/assets/${file}`)
  }
  ctx.set('Content-Security-Policy', [...POLICY, `frame-ancestors ${frames ? '*' : "'self'"}`].join('; '))
  ctx.set('Referrer-Policy', 'same-origin')
  ctx.set('Permissions-Policy', 'browsing-topics=()')
  ctx.set('Content-Type', 'text/html; charset=utf-8')
  // No end of a script can stand in it: every < is written otherwise.
  const json = JSON.stringify({ prefix, ...(data === undefined ? {} : { data }) }).replaceAll('<', '\\u003c')
  const markup = `<!doctype html>
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
  // What fifty mounts begin with repeats itself; there is no secret in a page that its size could give away.
  ctx.vary('Accept-Encoding')
  if (ctx.acceptsEncodings('gzip', 'identity') !== 'gzip') {
    ctx.body = markup
    return
  }
  ctx.set('Content-Encoding', 'gzip')
  ctx.body = gzipSync(markup, { level: 4 })
}
