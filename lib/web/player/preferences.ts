import { type Mode, MODES } from './pick.js'

/* What a viewer has chosen, kept by the browser where it lets a page keep anything. */

const [MODE, VOLUME] = ['floecast.mode', 'floecast.volume']

function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Then it is forgotten.
  }
}

/** The mode that was chosen last; `undefined` if none was. */
export function chosenMode(): Mode | undefined {
  const mode = read(MODE)
  return MODES.find((one) => one === mode)
}

/** Keeps a mode. */
export const keepMode = (mode: Mode): void => write(MODE, mode)

/** The volume that was chosen last, from 0 to 1. */
export function chosenVolume(): number {
  const volume = Number(read(VOLUME) ?? 1)
  return volume > 0 && volume <= 1 ? volume : 1
}

/** Keeps a volume. */
export const keepVolume = (volume: number): void => write(VOLUME, String(volume))
