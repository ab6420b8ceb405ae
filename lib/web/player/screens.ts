/* Other places for the picture. What a browser will not have now, it need not. */

/** Puts a video into a small window of its own, or back. */
export async function togglePip(video: HTMLVideoElement): Promise<void> {
  try {
    if (document.pictureInPictureElement === null) await video.requestPictureInPicture()
    else await document.exitPictureInPicture()
  } catch {}
}

/** Fills the screen with an element, or ends that. Phones that fill it with videos alone get the video. */
export async function toggleFullScreen(stage: Element | null, video: HTMLVideoElement): Promise<void> {
  try {
    if (document.fullscreenElement !== null) await document.exitFullscreen()
    else if (stage?.requestFullscreen !== undefined) await stage.requestFullscreen()
    else Reflect.get(video, 'webkitEnterFullscreen')?.call(video)
  } catch {}
}

/** Lets the viewer choose another screen. */
export async function castTo(video: HTMLMediaElement): Promise<void> {
  try {
    await video.remote?.prompt()
  } catch {}
}
