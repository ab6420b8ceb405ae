/** Most characters of a name that are looked at. */
const MAX_LENGTH = 512
/** Most names whose verdict is remembered. */
const MAX_VERDICTS = 1024

/** Names of programs, as they stand in `User-Agent`. In a pattern, `*` stands for any characters, `?` for one; case makes no difference. */
export class AgentPatterns {
  readonly #patterns: readonly string[]
  // There are far fewer programs than listeners.
  readonly #verdicts = new Map<string, boolean>()

  /** @param patterns each for a whole name: `*bot*` for those that have it anywhere */
  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map((pattern) => pattern.toLowerCase())
  }

  /** Whether one of the patterns is that of a name. */
  match(agent: string): boolean {
    if (this.#patterns.length === 0) return false
    const name = agent.slice(0, MAX_LENGTH).toLowerCase()
    let verdict = this.#verdicts.get(name)
    if (verdict === undefined) {
      verdict = this.#patterns.some((pattern) => isMatch(name, pattern))
      if (this.#verdicts.size >= MAX_VERDICTS) this.#verdicts.clear()
      this.#verdicts.set(name, verdict)
    }
    return verdict
  }
}

// By going back to the last star alone, which costs no more than both lengths multiplied; a regular expression with many stars may cost far more.
function isMatch(text: string, pattern: string): boolean {
  let at = 0
  let star = -1
  let mark = 0
  for (let index = 0; index < text.length;) {
    if (pattern[at] === '*') {
      star = at++
      mark = index
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[index])) {
      at++
      index++
    } else if (star >= 0) {
      at = star + 1
      index = ++mark
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
