import { html, svg, type SVGTemplateResult, type TemplateResult } from 'lit'

const WIDTH = 320
const HEIGHT = 180
const made = new Map<string, TemplateResult>()
const MOST = 500

/**
 * Open water, where a picture would be: calm waves that are always the same for the same name, and other ones for another.
 */
export function wave(name: string): TemplateResult {
  let drawn = made.get(name)
  if (drawn === undefined) {
    if (made.size >= MOST) made.clear()
    made.set(name, (drawn = draw(name)))
  }
  return drawn
}

function draw(name: string): TemplateResult {
  const next = numbers(name)
  // Names that differ little begin alike.
  for (let i = 0; i < 4; i++) next()
  const hue = Math.floor(next() * 4)
  const layers = [0.42, 0.55, 0.68, 0.8].map((level, i) => layer(level * HEIGHT, 16 - 2.5 * i, next, i))
  const sun = svg`<circle class="sun" cx=${(50 + next() * 220).toFixed(0)} cy=${(56 + next() * 16).toFixed(0)} r=${(14 + next() * 10).toFixed(0)}/>`
  return html`<svg class="wave p${hue}" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
    ${sun}${layers}
  </svg>`
}

// Two sines of whole periods, closed at the bottom.
function layer(level: number, height: number, next: () => number, index: number): SVGTemplateResult {
  const [first, second, slow, quick] = [next() * 6.28, next() * 6.28, 1 + Math.floor(next() * 2), 2 + Math.floor(next() * 3)]
  const points = Array.from({ length: 41 }, (_, i) => {
    const x = (i / 40) * WIDTH
    const angle = (x / WIDTH) * 6.283
    const y = level - height * (0.7 * Math.sin(slow * angle + first) + 0.3 * Math.sin(quick * angle + second))
    return `${x.toFixed(0)} ${y.toFixed(1)}`
  })
  return svg`<path class="w${index}" d="M0 ${HEIGHT}L${points.join('L')}L${WIDTH} ${HEIGHT}Z"/>`
}

// mulberry32 over a hash of the name: even enough for water.
function numbers(name: string): () => number {
  let seed = 2166136261
  for (const char of name) seed = Math.imul(seed ^ char.codePointAt(0)!, 16_777_619)
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
