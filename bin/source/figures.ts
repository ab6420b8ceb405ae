const two = (value: number): string => String(value).padStart(2, '0')

/** A time as clocks show it: `04:11`, or `01:12:44` from an hour on. @param seconds what is less than a second is left out */
export function formatTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  return `${hours > 0 ? `${two(hours)}:` : ''}${two(minutes)}:${two(whole % 60)}`
}

/** A time in words: `45 s`, `3 min 19 s`, `1 h 12 min`, `3 d 4 h`. @param seconds what is less than a second is left out */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ]
  const first = parts.findIndex(([value]) => value > 0)
  if (first < 0) return '0 s'
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ')
}

function scaled(value: number, units: readonly string[]): string {
  let at = 0
  let scale = value
  // What rounds to 1000 belongs to the next unit.
  for (; at < units.length - 1 && scale >= 999.5; at++) scale /= 1000
  return `${at > 0 && scale < 9.95 ? scale.toFixed(1) : Math.round(scale)} ${units[at]}`
}

/** A bit rate for people: `128 kbit/s`, `2.4 Mbit/s`. @param rate in bits a second */
export const formatRate = (rate: number): string => scaled(rate, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'])

/** An amount for people: `640 kB`, `1.2 GB`. @param bytes how many */
export const formatSize = (bytes: number): string => scaled(bytes, ['B', 'kB', 'MB', 'GB', 'TB'])
