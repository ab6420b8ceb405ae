import { factsOf, shapeOf, valuesOf } from './facts.js'
import { configSchema } from './schema.js'

type Shape = NonNullable<ReturnType<typeof shapeOf>>

const WIDTH = 96

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`)
/** A mark without a space tells a setting that is switched off from prose: taking it away switches the setting on. */
const off = (lines: readonly string[]): string[] => lines.map((line) => `#${line}`)
// Every JSON value is a YAML value, and quotes keep yes, 1e3 and 12:30 what they are.
const pair = (key: string, value: unknown): string => `${key}: ${JSON.stringify(value)}`

function section(shape: Shape, spaced: boolean, width = WIDTH): string[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const { inner, optional, fallback, example, description = '' } = factsOf(schema)
    const comment = wrap(description, width).map((line) => `# ${line}`)
    const children = shapeOf(inner)
    // Settings by a name that the reader chooses; those of a single value are shown as a whole.
    const values = valuesOf(inner)
    const each = values && shapeOf(factsOf(values).inner)
    let lines: string[]
    if (children) {
      const block = [`${key}:`, ...indent(section(children, false, width - 3))]
      lines = optional ? off(block) : block
    } else if (each) {
      lines = [`${key}:`, ...indent(off(['/live:', ...indent(section(each, false))]))]
    } else if (fallback !== undefined) lines = [pair(key, fallback)]
    else lines = optional ? off([pair(key, example)]) : [pair(key, example)]
    return [...comment, ...lines, ...(spaced ? [''] : [])]
  })
}

/**
 * A whole configuration file: every key with its meaning above it, its default where it has one and an example, switched off,
 * where it has none. It means the same as an empty file.
 */
export function printConfig(): string {
  const head = [
    '# Configuration of floecast. Every key may be left out; what stands here are the defaults.',
    '# Remove a # that stands right before a key to switch that key on. SIGHUP makes a running server',
    '# read this file again; floecast --check FILE says whether it is right.',
    '',
  ]
  return [...head, ...section(shapeOf(factsOf(configSchema).inner) ?? {}, true)].join('\n').trimEnd() + '\n'
}
