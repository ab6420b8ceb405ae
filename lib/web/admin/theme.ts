/** Turns light into dark and back, and keeps the choice; a choice that the system has made as well is forgotten. */
export function turnTheme(): void {
  const root = document.documentElement
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  const next = (root.dataset['theme'] ?? system) === 'dark' ? 'light' : 'dark'
  if (next === system) {
    delete root.dataset['theme']
    localStorage.removeItem('floecast.theme')
  } else {
    root.dataset['theme'] = next
    localStorage.setItem('floecast.theme', next)
  }
}
