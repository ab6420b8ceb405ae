import { readFileSync } from 'node:fs'
import { type IncomingMessage, type Server, type ServerResponse, createServer, request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { openBrowser } from './browser.js'
import { AUTOPLAY, startFirefox } from './firefox.js'
import type { Scope } from './programs.js'
import { freePort, until } from './wait.js'

/**
 * What plays in a page: three libraries for HLS and DASH, `instant` for one endless response by fetch and Media Source
 * Extensions, and `element`, the browser's own `<video src>`.
 */
export type Player = 'shaka' | 'hls.js' | 'dash.js' | 'instant' | 'element'

/** What is to be played, and how. */
export interface Job {
  readonly player: Player
  readonly url: string
  /** Seconds to watch after the first picture; 10 unless told. */
  readonly seconds?: number
  /** Milliseconds until something must have been shown; 20,000 unless told. */
  readonly timeout?: number
  /** Low latency: what the players need to be told for LL-HLS and LL-DASH. */
  readonly low?: boolean
  /** The picture carries time codes (see latency.ts), which are to be read. */
  readonly timeCode?: boolean
  /** The player's own settings, over those that are made here. */
  readonly config?: Readonly<Record<string, unknown>>
}

/** What somebody in front of the page would have seen. */
export interface Playback {
  /** Milliseconds until the first picture was shown, or sound ran; undefined if that never was. */
  readonly startMs?: number
  /** How often the media's clock stood still for a quarter of a second, and for how long in all. */
  readonly stalls: number
  readonly stalledMs: number
  /** The most by which a timer of the page was late: above some 100 ms the machine was too busy for the other times to mean much. */
  readonly lateMs: number
  /** How often it leapt forwards or backwards. */
  readonly jumps: number
  /** Seconds of media that were played, leaps left out. */
  readonly seconds: number
  /** Size of the picture, 0 × 0 for sound alone. */
  readonly width: number
  readonly height: number
  /** Pictures shown, and those that the browser says it left out. */
  readonly pictures: number
  readonly dropped: number
  /** Seconds behind the live edge, twice a second, as the player itself thinks. */
  readonly latency: readonly number[]
  /** Time codes that were on the screen, and when, in milliseconds since 1970. */
  readonly codes: readonly (readonly [number, number])[]
  /** The media's clock in seconds and its rate, twice a second: for messages. */
  readonly clock: readonly (readonly [number, number])[]
  /** What the player, the media element or the console complains about. */
  readonly errors: readonly string[]
}

/** A browser that plays for us. */
export interface Judge {
  /** Its name for people. */
  readonly name: 'Chromium' | 'Firefox'
  /** Plays in a page of the address's own origin. Several may play at once. */
  readonly play: (job: Job) => Promise<Playback>
}

/** A playback in one line, for a message. */
export function tell({ startMs, stalls, stalledMs, lateMs, jumps, seconds, width, height, pictures, latency, errors }: Playback): string {
  const own = latency.at(-1)
  const words = [
    startMs === undefined ? 'never began' : `began after ${startMs} ms`,
    `played ${seconds} s`,
    `${width}×${height}, ${pictures} pictures`,
    ...(stalls > 0 ? [`stood still ${stalls} times, ${stalledMs} ms`] : []),
    ...(jumps > 0 ? [`leapt ${jumps} times`] : []),
    ...(lateMs > 100 ? [`the machine was busy: a timer was ${lateMs} ms late`] : []),
    ...(own === undefined ? [] : [`thinks that it is ${own.toFixed(2)} s behind`]),
    ...errors,
  ]
  return words.join('; ')
}

const FOLDER = '/test-page/'
const PAGE_FILES = fileURLToPath(new URL('page/', import.meta.url))
const LIBRARIES: Readonly<Partial<Record<string, string>>> = {
  'shaka.js': 'node_modules/shaka-player/dist/shaka-player.compiled.js',
  'hls.js': 'node_modules/hls.js/dist/hls.min.js',
  'dash.js': 'node_modules/dashjs/dist/modern/umd/dash.all.min.js',
}
const LIBRARY_OF: Readonly<Partial<Record<Player, string>>> = { shaka: 'shaka.js', 'hls.js': 'hls.js', 'dash.js': 'dash.js' }

/** A file of the page by its address, `undefined` for all others. */
function pageFile(url: URL): { type: string; body: string } | undefined {
  if (!url.pathname.startsWith(FOLDER)) return undefined
  const name = url.pathname.slice(FOLDER.length)
  const library = LIBRARIES[name]
  if (library !== undefined) return { type: 'text/javascript', body: readFileSync(library, 'utf8') }
  if (/^\w+\.js$/.test(name)) return { type: 'text/javascript', body: readFileSync(join(PAGE_FILES, name), 'utf8') }
  if (name !== '') return undefined
  const own = LIBRARY_OF[url.searchParams.get('player') as Player]
  const entry = url.searchParams.has('job') ? "import './worker.js'" : "import { play } from './play.js'; globalThis.play = play"
  const script = own === undefined ? '' : `<script src="./${own}"></script>`
  return {
    type: 'text/html',
    body: `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body style="margin:0">${script}<script type="module">${entry}</script></body>`,
  }
}

const complete = (job: Job): Required<Job> => ({ seconds: 10, timeout: 20_000, low: false, timeCode: false, config: {}, ...job })

/** Opens Debian's Chromium, until the test ends. */
export async function openChromium(t: Scope): Promise<Judge> {
  const browser = await openBrowser(t)
  return {
    name: 'Chromium',
    async play(job) {
      const page: Page = await browser.newPage({ ignoreHTTPSErrors: true, viewport: { width: 640, height: 360 } })
      const errors: string[] = []
      try {
        await page.route(`**${FOLDER}**`, (route) => {
          const file = pageFile(new URL(route.request().url()))
          return file === undefined ? route.fulfill({ status: 404 }) : route.fulfill({ contentType: file.type, body: file.body })
        })
        await page.goto(new URL(`${FOLDER}?player=${job.player}`, job.url).href)
        await page.waitForFunction('globalThis.play !== undefined')
        // From here on no request is to go through our hands.
        await page.unroute(`**${FOLDER}**`)
        page.on('response', (response) => {
          if (response.status() >= 400) errors.push(`${response.status()} ${response.url()}`)
        })
        page.on('requestfailed', (one) => {
          const reason = one.failure()?.errorText ?? ''
          if (reason !== 'net::ERR_ABORTED') errors.push(`${reason} ${one.url()}`)
        })
        const seen: Playback = await page.evaluate<Playback, Required<Job>>((work) => Reflect.get(globalThis, 'play')(work), complete(job))
        return { ...seen, errors: [...seen.errors, ...errors] }
      } finally {
        await page.close()
      }
    },
  }
}

interface Work {
  readonly job: Job
  readonly page: string
  resolve(seen: Playback): void
}

/**
 * Opens Debian's Firefox, until the test ends. Nothing drives it from outside: its one page asks us for work and shows each in a
 * frame. A relay gives the page's files the origin of the stream; what it relays is not held back.
 */
export async function openFirefox(t: Scope): Promise<Judge> {
  const waiting: Work[] = []
  const underWay = new Map<number, Work>()
  const relays = new Map<string, Promise<string>>()
  let count = 0
  let ask: ServerResponse | undefined
  const open = (answer: (message: IncomingMessage, response: ServerResponse) => void): Promise<string> => listen(t, createServer(answer))

  const handOut = (): void => {
    const work = ask === undefined || ask.destroyed ? undefined : waiting.shift()
    if (work === undefined) return
    underWay.set(++count, work)
    ask?.end(JSON.stringify({ page: `${work.page}${FOLDER}?player=${work.job.player}&job=${count}` }))
    ask = undefined
  }
  const desk = await open((message, response) => {
    if (message.url === '/next') {
      ask = response
      handOut()
    } else response.setHeader('content-type', 'text/html').end(DESK)
  })

  /** A server of the pages for this origin, which passes everything else on. */
  const relay = (origin: string): Promise<string> =>
    open((message, response) => {
      const url = new URL(message.url ?? '/', origin)
      const number = Number(url.searchParams.get('job'))
      const work = underWay.get(number)
      const file = pageFile(url)
      if (work !== undefined && url.pathname === `${FOLDER}job`) {
        // The page plays what has its own origin.
        const { pathname, search } = new URL(work.job.url)
        response.end(JSON.stringify({ ...complete(work.job), url: `${work.page}${pathname}${search}` }))
      } else if (work !== undefined && url.pathname === `${FOLDER}seen`) {
        let body = ''
        message.setEncoding('utf8').on('data', (text: string) => (body += text))
        message.on('end', () => {
          response.end()
          underWay.delete(number)
          work.resolve(JSON.parse(body))
        })
      } else if (file !== undefined) response.setHeader('content-type', file.type).end(file.body)
      else pass(message, response, origin)
    })

  const firefox = startFirefox(t, [`${desk}/`], AUTOPLAY)
  await until('Firefox to ask for work', () => ask !== undefined || !firefox.isRunning, { timeout: 60_000 })
  if (!firefox.isRunning) throw new Error(`Firefox ended: ${firefox.output}`)

  return {
    name: 'Firefox',
    async play(job) {
      const { origin } = new URL(job.url)
      let page = relays.get(origin)
      if (page === undefined) relays.set(origin, (page = relay(origin)))
      const at = await page
      return new Promise((resolve, reject) => {
        const { seconds, timeout } = complete(job)
        const late = setTimeout(() => reject(new Error('Firefox did not hand its work back')), seconds * 1000 + timeout + 20_000)
        waiting.push({
          job,
          page: at,
          resolve(seen) {
            clearTimeout(late)
            resolve(seen)
          },
        })
        handOut()
      })
    },
  }
}

/** Shows each piece of work in a frame of its own, where it is visible, until it has ended. */
const DESK = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body><script type="module">
for (;;) {
  const { page } = await (await fetch('/next')).json()
  const frame = document.createElement('iframe')
  frame.allow = 'autoplay'
  frame.width = 300
  frame.height = 170
  frame.src = page
  document.body.append(frame)
  if (document.body.children.length > 12) document.querySelector('iframe').remove()
}
</script></body>`

/** Opens a server on the loopback until the test ends, and tells its origin. */
async function listen(t: Scope, server: Server): Promise<string> {
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${port}`
}

/** Passes a request on to an origin, and its answer back as it comes. */
function pass(message: IncomingMessage, response: ServerResponse, origin: string): void {
  const onward = request(new URL(message.url ?? '/', origin), {
    method: message.method,
    headers: { ...message.headers, host: new URL(origin).host },
  })
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    response.flushHeaders()
    answer.pipe(response)
    answer.on('error', () => response.destroy())
  })
  onward.on('error', () => response.destroy())
  response.on('close', () => onward.destroy())
  message.pipe(onward)
}
