const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

const pad = (value: number, length = 2, fill = '0'): string => String(value).padStart(length, fill)

const FIELDS: Readonly<Record<string, (time: Date) => string>> = {
  Y: (time) => String(time.getFullYear()),
  y: (time) => pad(time.getFullYear() % 100),
  m: (time) => pad(time.getMonth() + 1),
  d: (time) => pad(time.getDate()),
  e: (time) => pad(time.getDate(), 2, ' '),
  j: (time) => pad(dayOfYear(time), 3),
  H: (time) => pad(time.getHours()),
  M: (time) => pad(time.getMinutes()),
  S: (time) => pad(time.getSeconds()),
  s: (time) => String(Math.floor(time.getTime() / 1000)),
  b: (time) => MONTHS[time.getMonth()]!.slice(0, 3),
  B: (time) => MONTHS[time.getMonth()]!,
  a: (time) => DAYS[time.getDay()]!.slice(0, 3),
  A: (time) => DAYS[time.getDay()]!,
  Z: zone,
  F: (time) => strftime('%Y-%m-%d', time),
  T: (time) => strftime('%H:%M:%S', time),
  '%': () => '%',
}

/**
 * Writes a time as a pattern says, as C's strftime does in its plain locale: `%Y %y %m %d %e %j %H %M %S %s %b %B %a %A %Z %F %T %%`, in local
 * time. Whatever else stands behind a `%` stays as it is.
 */
export function strftime(pattern: string, time: Date): string {
  return pattern.replaceAll(/%([\w%])/g, (whole, field: string) => FIELDS[field]?.(time) ?? whole)
}

// From date to date, so that a day of 23 hours counts as one.
function dayOfYear(time: Date): number {
  const day = Date.UTC(time.getFullYear(), time.getMonth(), time.getDate())
  return (day - Date.UTC(time.getFullYear(), 0, 0)) / 86_400_000
}

// Such as CET, or GMT+2 where the zone has no short name.
function zone(time: Date): string {
  const parts = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts(time)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC'
}
