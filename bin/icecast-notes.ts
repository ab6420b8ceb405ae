import type { XmlElement } from '../lib/icy/xml.js'
import { NOTHING, type Reasons } from './icecast-reasons.js'

/** What of an Icecast configuration has no effect, and why, a sentence each. */
export class Notes {
  /** The sentences, in the order of the file. */
  readonly list: string[] = []

  /** Adds a sentence, once. */
  add(sentence: string): void {
    if (!this.list.includes(sentence)) this.list.push(sentence)
  }

  /** Says of a tag that it has no effect. A password is not told. */
  skip({ name, text, attributes }: XmlElement, reasons: Reasons): void {
    const { source, type } = attributes
    const value = /pass/.test(name) ? '' : (source ?? type ?? text)
    const shown = value.length > 60 ? `${value.slice(0, 59)}…` : value
    this.add(`<${name}>${shown === '' ? '' : ` ${shown}`}: ${Object.hasOwn(reasons, name) ? reasons[name] : NOTHING}`)
  }

  /** The whole number in a tag; `undefined`, and a sentence, where none is. */
  number({ name, text }: XmlElement): number | undefined {
    if (/^\d{1,12}$/.test(text)) return Number(text)
    this.add(`<${name}> ${text}: a whole number is wanted here, without a unit`)
    return undefined
  }
}

/** The elements of a name in another. */
export const named = ({ children }: XmlElement, name: string): XmlElement[] => children.filter((child) => child.name === name)

/** The text of the first element of a name in another. */
export const textOf = (element: XmlElement, name: string): string | undefined => named(element, name)[0]?.text

/** Whether a text means yes, as Icecast has it. */
export const isOn = (text: string): boolean => /^(1|true|yes|on)$/i.test(text)

/** A mount's name as a path. */
export const slashed = (mount: string): string => (mount === '' || mount.startsWith('/') ? mount : `/${mount}`)

/** Seconds in milliseconds. */
export const milliseconds = (seconds: number | undefined): number | undefined => (seconds === undefined ? undefined : seconds * 1000)
