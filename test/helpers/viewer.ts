import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import type { TestServer } from './server.js'
import { until } from './wait.js'

/** What a player says of itself. */
export interface Seen {
  readonly state: string
  readonly mode: string
  readonly ending: string
  readonly delay: number | undefined
  readonly time: number
  readonly frames: number
  readonly width: number
  readonly stalls: number
  readonly text: string
}

/** A page with a player in it, under the policy that our own pages have. */
export class Viewer {
  readonly page: Page
  /** What the browser complains about. */
  readonly complaints: string[] = []
  /** What the player says of its troubles, for messages. */
  readonly remarks: string[] = []
  #loads = 0

  constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`${message.text()} ${message.location().url}`)
      else if (message.type() === 'info') this.remarks.push(message.text())
    })
    page.on('load', () => this.#loads++)
  }

  /** Whether the page was loaded once only. */
  get isFirst(): boolean {
    return this.#loads === 1
  }

  /** Opens a player with these attributes. */
  static async open(page: Page, server: TestServer, attributes: string): Promise<Viewer> {
    const viewer = new Viewer(page)
    const { 'player.js': script }: Record<string, string> = JSON.parse(readFileSync('dist/web/manifest.json', 'utf8'))
    const policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; media-src 'self' blob:; connect-src 'self'; worker-src blob:"
    await page.route('**/test-page', (route) =>
      route.fulfill({
        contentType: 'text/html',
        headers: { 'content-security-policy': policy },
        body: `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/assets/${script}"></script><body><floecast-player ${attributes}></floecast-player></body>`,
      }),
    )
    await page.goto(server.url('/test-page'))
    return viewer
  }

  /** Looks at the player. */
  see(): Promise<Seen> {
    return this.page.evaluate<Seen>(`(() => {
      const { video, playback, shadowRoot } = document.querySelector('floecast-player')
      return {
        state: playback.state, mode: playback.mode, ending: playback.way?.ending, delay: playback.engine?.delay, stalls: playback.watch.total,
        time: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames, width: video.videoWidth, text: shadowRoot.textContent.replaceAll(/\\s+/g, ' '),
      }
    })()`)
  }

  /** Waits until it plays in a mode, and goes on for a while. */
  async plays(mode: string, ending?: string): Promise<Seen> {
    let moved = 0
    let last: Seen | undefined
    return until(
      `the player to play on ${mode}`,
      async () => {
        const seen = await this.see()
        const isIt = seen.state === 'playing' && seen.mode === mode && (ending === undefined || seen.ending === ending)
        moved = isIt && last !== undefined && seen.time > last.time ? moved + 1 : 0
        last = seen
        return moved >= 5 ? seen : undefined
      },
      { every: 200, timeout: 25_000 },
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(last)} ${[...this.complaints, ...this.remarks].join('; ')}`)
    })
  }

  /** Chooses how near to live it plays. */
  choose(mode: string): Promise<unknown> {
    return this.page.locator(`floecast-player [data-mode="${mode}"]`).click()
  }
}
