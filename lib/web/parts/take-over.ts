/**
 * Puts an element in the place of what the server has written. It has drawn itself before it is shown, so that nothing flashes.
 * @param name of the element
 */
export function takeOver(name: string): void {
  document.querySelector('#app')?.replaceChildren(document.createElement(name))
}
