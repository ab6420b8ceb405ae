/** What the player says, in words. */

/** How far behind live: `0.4 s behind`, `12 s behind`, `3 min behind`. */
export function behind(seconds: number | undefined): string {
  if (seconds === undefined) return ''
  if (seconds < 0.05) return 'live'
  if (seconds < 9.95) return `${seconds.toFixed(1)} s behind`
  if (seconds < 90) return `${Math.round(seconds)} s behind`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min behind` : `${(seconds / 3600).toFixed(1)} h behind`
}

/** A time on a clock face: `4:05`, `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, '0')]
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

/** A bit rate: `1.2 Mbit/s`, `128 kbit/s`. */
export const bits = (rate: number): string => (rate >= 999_500 ? `${(rate / 1e6).toFixed(1)} Mbit/s` : `${Math.round(rate / 1000)} kbit/s`)

/** What the modes are called. */
export const NAMES = { instant: 'Instant', low: 'Low', safe: 'Safe' } as const

/** What each mode means, for those who wonder. */
export const MEANING = {
  instant: 'Under a second behind: for talking with those who watch',
  low: 'A second or two behind: for most connections',
  safe: 'Some six seconds behind: for poor connections',
} as const
