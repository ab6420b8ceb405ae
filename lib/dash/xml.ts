/** Values of attributes; one without a value is left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

// What XML 1.0 (2.2) cannot say at all, not even as a reference, half of a surrogate pair among it.
const UNSPEAKABLE = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A parser makes spaces of these in an attribute (3.3.3), and a carriage return vanishes everywhere (2.11).
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

/** Text as XML holds it, in content as well as in an attribute; characters that XML has no way to say are left out. */
export function escapeXml(text: string): string {
  return text.replace(UNSPEAKABLE, '').replace(/[&<>"\t\n\r]/g, (character) => REFERENCES[character] ?? '')
}

/** An element: its children are written elements, or text that went through {@link escapeXml}. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const head = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`)
    .join('')
  const inside = children.join('')
  return inside === '' ? `<${name}${head}/>` : `<${name}${head}>${inside}</${name}>`
}
