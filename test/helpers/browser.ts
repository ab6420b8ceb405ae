import { type Browser, chromium } from 'playwright-core'

import { type Scope, which } from './programs.js'

/** What a media element in a page did with a stream. */
export interface Heard {
  /** Seconds of media that it has played. */
  readonly seconds: number
  /** Milliseconds from asking until the first second was over. */
  readonly took: number
  /** The element's error, empty if there is none. */
  readonly error: string
  /** Size of the picture, 0 × 0 for sound alone. */
  readonly width: number
  readonly height: number
}

/**
 * Starts Debian's Chromium with a new empty profile, until the test ends.
 * @param more arguments besides the usual ones
 */
export async function openBrowser(t: Scope, more: readonly string[] = []): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: which('chromium') ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
      ...more,
    ],
  })
  t.teardown(() => browser.close())
  return browser
}

/** Plays a stream in a page of the same origin until more than a second has passed in the media, or until it fails. */
export async function playInPage(browser: Browser, element: 'audio' | 'video', url: string, timeout = 20_000): Promise<Heard> {
  const page = await browser.newPage({ ignoreHTTPSErrors: true })
  try {
    // A page of the same origin, but not one of the server's, whose policy may forbid what this one does.
    await page.route('**/test-page', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><body></body>' }))
    await page.goto(new URL('/test-page', url).href)
    return await page.evaluate(
      ([tag, source, limit]) =>
        new Promise<Heard>((resolve) => {
          // The compiler knows no browser here: the few names that the page needs are looked up by hand.
          const document: PageDocument = Reflect.get(globalThis, 'document')
          const media = document.createElement(tag)
          const begin = performance.now()
          let from: number | undefined
          const done = (error: string): void => {
            clearInterval(timer)
            resolve({
              seconds: from === undefined ? 0 : media.currentTime - from,
              took: Math.round(performance.now() - begin),
              error,
              width: media.videoWidth ?? 0,
              height: media.videoHeight ?? 0,
            })
          }
          const timer = setInterval(() => {
            // A late joiner's clock may start far from 0.
            if (from === undefined && media.readyState >= 2) from = media.currentTime
            if (media.error) done(media.error.message || `code ${media.error.code}`)
            else if (from !== undefined && media.currentTime - from > 1) done('')
            else if (performance.now() - begin > limit) done('no second was played in time')
          }, 50)
          media.muted = true
          media.autoplay = true
          media.src = source
          document.body.append(media)
        }),
      [element, url, timeout] as const,
    )
  } finally {
    await page.close()
  }
}

interface PageDocument {
  createElement(name: string): PageMedia
  readonly body: { append(element: PageMedia): void }
}

interface PageMedia {
  currentTime: number
  readyState: number
  error: { message: string; code: number } | null
  videoWidth?: number
  videoHeight?: number
  muted: boolean
  autoplay: boolean
  src: string
}
