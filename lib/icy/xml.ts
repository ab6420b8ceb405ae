import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser'

/** An element of an XML document. */
export interface XmlElement {
  /** Its name without the prefix of a name space. */
  readonly name: string
  /** Its attributes, by name without prefix. */
  readonly attributes: Readonly<Record<string, string>>
  /** The elements in it, in their order. */
  readonly children: readonly XmlElement[]
  /** The text that stands directly in it, without white space around it. */
  readonly text: string
}

const ATTRIBUTES = ':@'
const TEXT = '#text'
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

// Entities that a document defines itself stay as they stand: they are what makes a small text huge, or reads files.
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  removeNSPrefix: true,
  processEntities: false,
  trimValues: false,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
})

/**
 * Reads an XML document of a peer or a file. Of entities, it knows the five of XML and characters by number; others stay as text.
 * @returns the root element, or `undefined` when the text is not well-formed
 */
export function parseXml(text: string): XmlElement | undefined {
  try {
    if (XMLValidator.validate(text) !== true) return undefined
    const nodes: unknown = parser.parse(text)
    return readElements(nodes)[0]
  } catch {
    return undefined
  }
}

function readElements(nodes: unknown): XmlElement[] {
  if (!Array.isArray(nodes)) return []
  return nodes.flatMap((node: Readonly<Record<string, unknown>>): XmlElement[] => {
    const name = Object.keys(node).find((key) => key !== ATTRIBUTES)
    if (name === undefined || name === TEXT) return []
    const content = node[name]
    const attributes = Object.entries(node[ATTRIBUTES] ?? {}).map(([key, value]) => [key, decode(String(value))] as const)
    const text = Array.isArray(content) ? content.map((one: Readonly<Record<string, string | undefined>>) => one[TEXT] ?? '').join('') : ''
    return [{ name, attributes: Object.fromEntries(attributes), children: readElements(content), text: decode(text).trim() }]
  })
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,4}));/gi, (whole, decimal?: string, hex?: string, name = '') => {
    const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? parseInt(hex, 16) : undefined
    if (code !== undefined) return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    return (Object.hasOwn(ENTITIES, name) && ENTITIES[name]) || whole
  })
}

/** An element that is to be written: with elements in it, or with text. */
export interface XmlOutput {
  /** Its name. */
  readonly name: string
  /** Its attributes, by name. */
  readonly attributes?: Readonly<Record<string, string>>
  /** The elements in it, in their order. */
  readonly children?: readonly XmlOutput[]
  /** The text in it. */
  readonly text?: string | number
}

// XML 1.0, 2.2: what it cannot say at all, not even as a reference; and the controls of C1, which nobody means.
// eslint-disable-next-line no-control-regex
const UNSPEAKABLE = /[^\t\n\r\u{20}-\u{7E}\u{A0}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu

const builder = new XMLBuilder({ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '', suppressEmptyNode: true })

/** Writes an XML document on one line after its declaration, in UTF-8. Characters that XML has no way to say are left out. */
export function formatXml(root: XmlOutput): string {
  return `<?xml version="1.0"?>\n${builder.build([nodeOf(root)])}\n`
}

/** An element with text alone. */
export const xmlText = (name: string, text: string | number): XmlOutput => ({ name, text })

// As the builder wants it.
const nodeOf = ({ name, attributes, children = [], text }: XmlOutput): Record<string, unknown> => ({
  [name]: [...(text === undefined || text === '' ? [] : [{ '#text': speakable(String(text)) }]), ...children.map(nodeOf)],
  ...(attributes !== undefined && {
    ':@': Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, speakable(value)])),
  }),
})

const speakable = (text: string): string => text.replace(UNSPEAKABLE, '')
