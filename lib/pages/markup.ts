/**
 * Makes text safe to stand in XML and HTML, between tags and in attributes. What XML 1.0 cannot hold at all, such as control
 * characters and half a surrogate pair, is left out.
 */
export function escapeMarkup(text: string): string {
  return text.replace(UNFIT, '').replace(/[&<>"']/g, (c) => ENTITIES[c]!)
}

// XML 1.0, 2.2: Char.
// eslint-disable-next-line no-control-regex
const UNFIT = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
