import type { ServerSettings } from '../options/index.js'

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The path for which a path stands, where it is an alias and is asked for; `undefined` where it is none. Sources publish to what they name. */
export function aliased({ aliases }: Pick<ServerSettings, 'aliases'>, method: string, path: string | undefined): string | undefined {
  return path !== undefined && METHODS.has(method) && Object.hasOwn(aliases, path) ? aliases[path] : undefined
}
