import { type ElementPart, noChange } from 'lit'
import { Directive, directive } from 'lit/directive.js'

class Styling extends Directive {
  override render(_properties: Readonly<Record<string, string>>): unknown {
    return noChange
  }
  override update({ element }: ElementPart, [properties]: [Readonly<Record<string, string>>]): unknown {
    if (element instanceof HTMLElement)
      for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value === '' ? null : value)
    return noChange
  }
}

/** Sets properties of an element's style; an empty value takes one away. Unlike lit's own, it never writes the attribute, which the policy of pages forbids. */
export const styled = directive(Styling)
