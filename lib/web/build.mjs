/*
 * Makes what browsers load of the TypeScript and CSS in this folder: dist/web/assets, with names that change with what is in them, so that
 * browsers and caches may keep them for ever; beside each a copy compressed by gzip and Brotli; and a list of the names, manifest.json.
 */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = fileURLToPath(new URL('.', import.meta.url))
const out = fileURLToPath(new URL('../../dist/web/assets', import.meta.url))

rmSync(out, { recursive: true, force: true })
const entries = readdirSync(join(here, 'entries')).map((name) => join(here, 'entries', name))

/*
 * Shaka Player 5.2 adds a thousandth of a second to negative offsets, and sets an offset anew, after an abort, when it is off by a thousandth or more:
 * half of the times that it is started, rounding makes it do so before every part of a segment. An abort makes the browser drop all pictures until the
 * next key frame, so that only the first part of each segment is seen.
 */
const steadyOffset = {
  name: 'steady-offset',
  setup({ onLoad }) {
    onLoad({ filter: /shaka-player\.compiled-es2021\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      const contents = text.replace(/(Math\.abs\(\w+-\w+\)>=)\.001\|\|/, '$1.002||')
      if (contents === text) throw new Error('Shaka Player has changed: see whether lib/web/build.mjs need still mend it.')
      return { contents: `${contents}\n/*! @license Changed for floecast: offsets are set anew from 2 ms on, not from 1 ms. */` }
    })
  },
}

const { metafile } = await build({
  entryPoints: entries,
  outdir: out,
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: ['chrome115', 'firefox115', 'safari16.4'],
  minify: true,
  metafile: true,
  legalComments: 'linked',
  logLevel: 'warning',
  loader: { '.svg': 'copy' },
  plugins: [steadyOffset],
})

// Of each entry: what a page loads for it, by its name without the hash.
const files = {}
for (const [file, { entryPoint, cssBundle }] of Object.entries(metafile.outputs)) {
  if (entryPoint === undefined || !entries.some((entry) => entry.endsWith(entryPoint))) continue
  const name = basename(entryPoint)
  files[name.replace(/\.ts$/, '.js')] = basename(file)
  if (cssBundle !== undefined) files[name.replace(/\.ts$/, '.css')] = basename(cssBundle)
}
writeFileSync(join(out, '../manifest.json'), `${JSON.stringify(files, null, 2)}\n`)

for (const name of readdirSync(out)) {
  if (!/\.(js|css|svg)$/.test(name)) continue
  const bytes = readFileSync(join(out, name))
  writeFileSync(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }))
  writeFileSync(join(out, `${name}.br`), brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }))
}
