import { html, type TemplateResult } from 'lit'
import { PageElement } from './page-element.js'
import { wave } from './wave.js'

/** Milliseconds from one picture to the next, while it is looked at. */
const REFRESH = 15_000
/** Milliseconds that a picture may take to be decoded. */
const DECODE = 5_000
/** The widest that a picture is kept, in pixels. */
const WIDTH = 640

// One after the other: decoders are few, and fifty cards share them.
let queue: Promise<void> = Promise.resolve()

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (target instanceof StreamPicture) target.look(isIntersecting)
})

/** What a mount shows: its last key frame, or open water where there is none. */
export class StreamPicture extends PageElement {
  static override properties = { src: {}, name: {} }
  /** Where the film of one picture is; empty for none. */
  declare src: string
  /** What the water is drawn from. */
  declare name: string
  #isSeen = false
  #isAsking = false
  #last = -Infinity
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    super()
    this.src = ''
    this.name = ''
  }

  override connectedCallback(): void {
    super.connectedCallback()
    seen.observe(this)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    seen.unobserve(this)
    this.look(false)
  }

  /** Told whether anybody can see it. */
  look(isSeen: boolean): void {
    this.#isSeen = isSeen
    clearTimeout(this.#timer)
    if (isSeen) this.#plan()
  }

  protected override render(): TemplateResult {
    return html`${wave(this.name)}<canvas aria-hidden="true"></canvas>`
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has('src')) return
    if (this.src === '') this.querySelector('canvas')?.classList.remove('shown')
    this.#last = -Infinity
    if (this.#isSeen) this.#plan()
  }

  #plan(): void {
    clearTimeout(this.#timer)
    if (this.src === '') return
    this.#timer = setTimeout(
      () => {
        if (this.#isAsking || !this.#isSeen) return
        if (document.hidden) return this.#plan()
        this.#isAsking = true
        this.#last = performance.now()
        queue = queue.then(() => this.#show()).catch(() => {})
        void queue.then(() => {
          this.#isAsking = false
          if (this.#isSeen) this.#plan()
        })
      },
      Math.max(0, this.#last + REFRESH - performance.now()),
    )
  }

  async #show(): Promise<void> {
    const { src } = this
    if (!this.#isSeen || src === '') return
    // Without credentials, for a mount that wants a password must not make the whole page ask for it.
    const response = await fetch(src, { credentials: 'omit' })
    if (!response.ok) return
    const url = URL.createObjectURL(await response.blob())
    const video = document.createElement('video')
    try {
      await decode(video, url)
      const canvas = this.querySelector('canvas')
      if (canvas === null || this.src !== src || video.videoWidth === 0) return
      const scale = Math.min(1, WIDTH / video.videoWidth)
      canvas.width = Math.round(video.videoWidth * scale)
      canvas.height = Math.round(video.videoHeight * scale)
      canvas.getContext('2d')?.drawImage(video, 0, 0, canvas.width, canvas.height)
      canvas.classList.add('shown')
    } finally {
      video.removeAttribute('src')
      video.load()
      URL.revokeObjectURL(url)
    }
  }
}
customElements.define('stream-picture', StreamPicture)

function decode(video: HTMLVideoElement, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('too slow')), DECODE)
    video.addEventListener('loadeddata', () => {
      clearTimeout(timer)
      resolve()
    })
    video.addEventListener('error', () => {
      clearTimeout(timer)
      reject(new Error(video.error?.message))
    })
    video.muted = true
    video.playsInline = true
    video.preload = 'auto'
    video.src = url
  })
}
