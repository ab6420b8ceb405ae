import type { Support } from './pick.js'

/** The constructor of media sources: Safari's phones know only the managed kind. */
export function mediaSource(): typeof MediaSource | undefined {
  if (typeof MediaSource === 'function') return MediaSource
  const managed: unknown = Reflect.get(globalThis, 'ManagedMediaSource')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has all that MediaSource has
  return typeof managed === 'function' ? (managed as typeof MediaSource) : undefined
}

/** Asks this browser what it plays. */
export function browserSupport(): Support {
  const Source = mediaSource()
  const probe = document.createElement('video')
  return {
    source: (type) => Source?.isTypeSupported(type) ?? false,
    element: (type) => probe.canPlayType(type) !== '',
    hasSource: Source !== undefined,
  }
}
