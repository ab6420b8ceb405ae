/** Words for numbers: short ones to read, exact ones to hover over. */

const number = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 })
const relative = new Intl.RelativeTimeFormat('en-GB', { numeric: 'auto' })
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** A number in full, its thousands apart. */
export const count = (value: number): string => number.format(value)

/** Something and how many there are: `1 viewer`, `2 viewers`. */
export const plural = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`

function scaled(value: number, base: number, units: readonly string[]): string {
  let step = 0
  let rest = value
  while (rest >= base * 0.9995 && step < units.length - 1) {
    rest /= base
    step++
  }
  return `${rest < 9.95 && step > 0 ? rest.toFixed(1) : Math.round(rest)} ${units[step]}`
}

/** Bits a second: `2.4 Mbit/s`. */
export const bitRate = (bits: number): string => scaled(bits, 1000, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'])
/** Bytes: `3.2 MB`. */
export const byteSize = (bytes: number): string => scaled(bytes, 1000, ['B', 'kB', 'MB', 'GB', 'TB'])

/** Seconds, in the two largest units that are not nothing: `3 h 12 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < 60) return `${whole} s`
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ]
  const first = parts.findIndex(([value]) => value > 0)
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ')
}

const two = (value: number): string => String(value).padStart(2, '0')

/** A length of media as players show it: `1:02:03`. */
export function playingTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const minutes = Math.floor(whole / 60)
  return minutes < 60 ? `${minutes}:${two(whole % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`
}

/** A moment as seen from now: `5 minutes ago`. */
export function ago(at: Date, now = Date.now()): string {
  const seconds = Math.round((at.getTime() - now) / 1000)
  const size = Math.abs(seconds)
  if (size < 10) return 'just now'
  if (size < 60) return relative.format(seconds, 'second')
  if (size < 3600) return relative.format(Math.round(seconds / 60), 'minute')
  if (size < 86_400) return relative.format(Math.round(seconds / 3600), 'hour')
  if (size < 30 * 86_400) return relative.format(Math.round(seconds / 86_400), 'day')
  return size < 365 * 86_400
    ? relative.format(Math.round(seconds / (30 * 86_400)), 'month')
    : relative.format(Math.round(seconds / (365 * 86_400)), 'year')
}

/** A moment in full, by the clock of the reader. */
export const moment = (at: Date): string => exact.format(at)
/** The time of day to the second. */
export const timeOfDay = (at: Date): string => clock.format(at)
