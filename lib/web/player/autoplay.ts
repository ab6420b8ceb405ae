/**
 * Starts a media element as well as the browser lets it: with sound, else without.
 * @returns whether the browser wants the viewer to press something first
 */
export async function startPlaying(video: HTMLMediaElement): Promise<boolean> {
  for (;;) {
    try {
      await video.play()
      return false
    } catch (error) {
      // Anything else is for whoever feeds the element.
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return false
      if (video.muted) return true
      video.muted = true
    }
  }
}
