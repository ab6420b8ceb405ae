import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { ERRORS } from '../lib/errors.js'

const FOLDERS = ['.', 'docs', 'test/bench', 'test/interop', 'test/fixtures', 'examples']
const texts = new Map(
  FOLDERS.filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.md'))
    .map((path) => [path, readFileSync(path, 'utf8')]),
)
const textOf = (path: string): string => texts.get(path) ?? ''

/** The anchor that a heading gets on the page of a repository. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

t.test('every error is a heading of docs/errors.md, with its status and its sentence', (t) => {
  const sections = new Map(
    textOf('docs/errors.md')
      .split(/^## /m)
      .map((section): [string, string] => [section.slice(0, section.indexOf('\n')), section]),
  )
  const missing = Object.entries(ERRORS).filter(
    ([code, [status, sentence]]) => sections.get(code)?.includes(`${status} · \`${sentence}\``) !== true,
  )
  t.strictSame(missing, [])
  const stale = [...sections.keys()].filter((heading) => /^[A-Z_]+$/.test(heading) && !Object.hasOwn(ERRORS, heading))
  t.strictSame(stale, [], 'and no other')
  t.end()
})

t.test('every script that a text names is in package.json', (t) => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'))
  const named = [...texts].flatMap(([path, text]) =>
    [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(test)\b)/g)].map(([, script, test]) => [path, script ?? test ?? '']),
  )
  t.ok(named.length > 5, 'scripts are found')
  t.strictSame(
    named.filter(([, script]) => scripts[script ?? ''] === undefined),
    [],
  )
  t.end()
})

t.test('every relative link leads somewhere', (t) => {
  const links = [...texts].flatMap(([path, text]) =>
    [...text.replaceAll(/^```[^]*?^```/gm, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ path, target })),
  )
  const relative = links.filter(({ target }) => !/^[a-z]+:/.test(target))
  t.ok(relative.length > 5, 'links are found')
  const broken = relative.filter(({ path, target }) => {
    const [file = '', fragment] = target.split('#')
    const to = file === '' ? path : join(dirname(path), file)
    if (!existsSync(to)) return true
    if (fragment === undefined) return false
    return ![...textOf(to).matchAll(/^#+ (.*)$/gm)].some(([, heading = '']) => anchor(heading) === fragment)
  })
  t.strictSame(broken, [])
  t.end()
})
