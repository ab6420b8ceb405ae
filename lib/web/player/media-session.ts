import type { MountFacts } from './facts.js'

/** What the keys of the keyboard and the buttons of a lock screen do. */
export interface SessionActions {
  play(): void
  pause(): void
  goLive(): void
}

/** Tells the system what plays, for lock screens and media keys. */
export function tellSystem(mount: MountFacts, paused: boolean, actions: SessionActions): void {
  const session = navigator.mediaSession
  if (session === undefined) return
  const name = mount.name ?? mount.mount
  const title = mount.title?.title ?? mount.title?.display ?? name
  const artist = mount.title?.artist ?? (title === name ? '' : name)
  const known = session.metadata
  if (known?.title !== title || known.artist !== artist || known.album !== name)
    session.metadata = new MediaMetadata({ title, artist, album: name })
  session.playbackState = paused ? 'paused' : 'playing'
  session.setActionHandler('play', () => actions.play())
  session.setActionHandler('pause', () => actions.pause())
  session.setActionHandler('stop', () => actions.pause())
  session.setActionHandler('seekforward', () => actions.goLive())
}
