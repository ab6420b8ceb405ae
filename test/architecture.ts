import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

/*
 * The table of ARCHITECTURE.md, held true: imports run downward only, columns of a row do not know each other, there are no
 * circles, and each outside package is imported in one place.
 */

/** Rows from the ground up; a column is a file (without its ending) or a folder (with a slash). */
const ROWS: readonly (readonly string[])[] = [
  ['lib/errors', 'lib/options/', 'lib/log', 'lib/clock', 'lib/version', 'lib/bytes/', 'lib/pages/'],
  ['lib/codecs/', 'lib/api/'],
  ['lib/formats/', 'lib/icy/'],
  ['lib/media/'],
  ['lib/mount/', 'lib/hls/', 'lib/dash/', 'lib/client/'],
  ['lib/server/', 'lib/streamer/', 'lib/web/'],
  ['lib/index', 'bin/', 'examples/'],
]

/** Where each outside package may be imported: a path, or a folder with a slash. Node's own modules are free. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  zod: ['lib/options/', 'lib/api/', 'lib/streamer/output.ts', 'lib/server/', 'bin/'],
  mp4box: ['lib/formats/mp4-init.ts'],
  koa: ['lib/server/app.ts', 'lib/server/routes/', 'lib/streamer/desk.ts', 'examples/'],
  '@koa/router': ['lib/server/app.ts', 'lib/server/routes/', 'lib/streamer/desk.ts'],
  'koa-static': ['lib/server/app.ts', 'lib/server/routes/', 'lib/streamer/desk.ts'],
  'prom-client': ['lib/server/'],
  'ipaddr.js': ['lib/server/'],
  'rate-limiter-flexible': ['lib/server/'],
  '@koa/bodyparser': ['lib/server/routes/', 'lib/streamer/desk.ts'],
  ws: ['lib/server/webcast.ts', 'lib/streamer/desk.ts'],
  jose: ['lib/server/'],
  bcryptjs: ['lib/server/'],
  tinyglobby: ['lib/client/playlist-files.ts'],
  'fast-xml-parser': ['lib/icy/xml.ts', 'bin/'],
  'shaka-player': ['lib/web/'],
  lit: ['lib/web/'],
  uplot: ['lib/web/'],
  uqr: ['lib/web/'],
  esbuild: ['lib/web/build.mjs'],
  pino: ['bin/'],
  'pino-pretty': ['bin/'],
  yaml: ['bin/'],
  '@clack/prompts': ['bin/'],
  picocolors: ['bin/'],
}

interface Import {
  readonly from: string
  /** A file of ours, or the name of a package. */
  readonly to: string
  readonly isOurs: boolean
  /** Types vanish when compiled, so they may cross where values may not. */
  readonly isType: boolean
}

const IMPORT =
  /(?:^|[\n;])\s*(?:import|export)\s+(type\s+)?(?:[\w*{][^'"`;]*?\s+from\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

/** The imports of a file, as its text states them. */
function imports(file: string, text: string): Import[] {
  const found: Import[] = []
  // Comments may hold examples, and examples hold imports.
  const code = text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  for (const [, type, declared, called] of code.matchAll(IMPORT)) {
    const specifier = declared ?? called ?? ''
    if (specifier.startsWith('node:')) continue
    const isOurs = specifier.startsWith('.')
    const to = isOurs
      ? normalize(join(dirname(file), specifier)).replace(/\.js$/, '.ts')
      : specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/')
    found.push({ from: file, to, isOurs, isType: type !== undefined })
  }
  return found
}

const within = (file: string, where: string): boolean =>
  where.endsWith('/') ? file.startsWith(where) : file === where || file === `${where}.ts`

function place(file: string): { row: number; column: string } | undefined {
  for (const [row, columns] of ROWS.entries()) for (const column of columns) if (within(file, column)) return { row, column }
  return undefined
}

/** Every violation of the table, each in one sentence. */
function violations(all: readonly Import[]): string[] {
  const sentences: string[] = []
  for (const { from, to, isOurs, isType } of all) {
    const here = place(from)
    if (here === undefined) {
      sentences.push(`${from} stands nowhere in the table of rows; give it a place in ARCHITECTURE.md and here`)
      continue
    }
    if (!isOurs) {
      // A package may import itself by name in examples, as its users do.
      if (to === 'floecast' && within(from, 'examples/')) continue
      const places = PACKAGES[to]
      if (places === undefined) sentences.push(`${from} imports ${to}, a package that no module may import yet`)
      else if (!places.some((allowed) => within(from, allowed)))
        sentences.push(`${from} imports ${to}, which only ${places.join(' and ')} may import`)
      continue
    }
    const there = place(to)
    // package.json and the like.
    if (!/\.[jt]s$/.test(to)) continue
    if (there === undefined) sentences.push(`${from} imports ${to}, which stands nowhere in the table of rows`)
    else if (here.column === 'lib/web/' && !['lib/web/', 'lib/api/'].includes(there.column) && !isType)
      sentences.push(`${from} imports values of ${to}, but pages may import only types from below, and lib/api: they run in a browser`)
    else if (there.row > here.row)
      sentences.push(`${from} (row ${here.row}) imports ${to} (row ${there.row}), but imports run downward only`)
    // The last row is what users see: programs and examples stand on the index.
    else if (there.row === here.row && there.column !== here.column && there.column !== 'lib/index' && here.row > 0 && here.row < 5)
      sentences.push(`${from} imports ${to}, but ${here.column} and ${there.column} do not know each other`)
  }
  return sentences
}

/** The circles among files, each told once; types count, too: a circle of types is still one that a reader must hold at once. */
function circles(all: readonly Import[]): string[] {
  const next = new Map<string, string[]>()
  for (const { from, to, isOurs } of all) if (isOurs) next.set(from, [...(next.get(from) ?? []), to])
  const done = new Set<string>()
  const found: string[] = []
  const walk = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file)
    if (at >= 0) found.push(`${[...path.slice(at), file].join(' → ')} is a circle`)
    if (at >= 0 || done.has(file)) return
    for (const to of next.get(file) ?? []) walk(to, [...path, file])
    done.add(file)
  }
  for (const file of next.keys()) walk(file, [])
  return found
}

const isThere = (folder: string): boolean => {
  try {
    return readdirSync(folder).length > 0
  } catch {
    return false
  }
}

t.test('imports run downward, columns do not know each other, and each package has one place', async (t) => {
  const files = ['lib', 'bin', 'examples']
    .filter(isThere)
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
    .filter((name) => name.endsWith('.ts'))
  const all = files.flatMap((file) => imports(file, readFileSync(file, 'utf8')))
  t.ok(all.length > 0, 'imports are found')
  t.strictSame(violations(all), [])
  t.strictSame(circles(all), [])
  const used = new Set(all.map(({ to }) => to))
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'))
  t.strictSame(
    Object.keys(PACKAGES).filter((name) => dependencies[name] === undefined && used.has(name)),
    [],
    'what is imported is a dependency',
  )
})

t.test('the table sees what breaks it', async (t) => {
  const check = (file: string, text: string): string[] => violations(imports(file, text))
  t.match(check('lib/codecs/aac.ts', "import { x } from '../formats/adts.js'"), [/downward only/])
  t.match(check('lib/formats/ogg.ts', "import type { Head } from '../icy/head.js'"), [/do not know each other/])
  t.match(check('lib/mount/mount.ts', "import Koa from 'koa'"), [/only lib\/server\/app.ts and .* may import/])
  t.match(check('lib/mount/mount.ts', "const x = await import('../server/server.js')"), [/downward only/])
  t.match(check('lib/mount/mount.ts', "import left from 'left-pad'"), [/no module may import/])
  t.match(check('lib/web/player.ts', "import { x } from '../formats/mp4.js'"), [/only types from below/])
  t.match(check('lib/utils.ts', "import { x } from './errors.js'"), [/nowhere/])
  t.match(check('lib/errors.ts', "export {\n  x,\n  y,\n} from './server/server.js'"), [/downward only/])
  t.strictSame(check('lib/web/player.ts', "import type { x } from '../formats/mp4.js'"), [])
  t.strictSame(check('lib/server/app.ts', "import Koa from 'koa'\nimport { x } from '../mount/mount.js'\n// import y from 'zod'"), [])
  t.strictSame(check('bin/floecast.ts', "import { pino } from 'pino'\nimport { createServer } from '../lib/index.js'"), [])
  const circle = [...imports('lib/a.ts', "import './b.js'"), ...imports('lib/b.ts', "export * from './a.js'")]
  t.match(circles(circle), [/lib\/a\.ts → lib\/b\.ts → lib\/a\.ts is a circle/])
})
