import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { type Program, type Scope, start } from './programs.js'
import { temporary } from './server.js'
import { freePort, sleep, until } from './wait.js'

const PREFERENCES: Readonly<Record<string, string | number | boolean>> = {
  // Without it times are told in steps.
  'privacy.reduceTimerPrecision': false,
  'media.gmp-manager.updateEnabled': false,
  'media.gmp-manager.url': 'data:,',
  'browser.startup.page': 0,
  'browser.shell.checkDefaultBrowser': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'app.update.auto': false,
  'app.normandy.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'datareporting.healthreport.uploadEnabled': false,
  'extensions.update.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
}

/** Lets pages make a sound by themselves. */
export const AUTOPLAY = { 'media.autoplay.default': 0, 'media.autoplay.blocking_policy': 0 } as const

/** Starts Debian's Firefox with a new empty profile, until the test ends. */
export function startFirefox(
  t: Scope,
  args: readonly string[],
  preferences: Readonly<Record<string, string | number | boolean>> = {},
): Program {
  const profile = temporary(t)
  const lines = Object.entries({ ...PREFERENCES, ...preferences }).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  )
  writeFileSync(join(profile, 'user.js'), lines.join(''))
  return start(t, 'firefox-esr', ['--headless', '--no-remote', '--profile', profile, ...args], {
    env: { HOME: profile, MOZ_HEADLESS_WIDTH: '1280', MOZ_HEADLESS_HEIGHT: '800' },
  })
}

interface Answer {
  readonly id?: number | null
  readonly type: 'success' | 'error' | 'event'
  readonly method?: string
  readonly params?: { readonly level: string; readonly text: string | null }
  readonly result?: Record<string, unknown>
  readonly message?: string
}

/** A Firefox that is driven by WebDriver BiDi, which stock Firefox speaks without a driver between. */
export class Firefox {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }>()
  readonly #complaints: string[] = []
  readonly #remarks: string[] = []
  #count = 0
  #context = ''

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer) => this.#hear(JSON.parse(data.toString())))
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Firefox has gone'))
    })
  }

  /** Starts it with one tab, until the test ends. */
  static async open(t: Scope): Promise<Firefox> {
    const port = await freePort()
    const program = startFirefox(t, ['--remote-debugging-port', String(port)])
    await until('Firefox to listen', () => program.output.includes('WebDriver BiDi listening') || !program.isRunning, { timeout: 60_000 })
    if (!program.isRunning) throw new Error(`Firefox ended: ${program.output}`)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/session`)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    t.teardown(() => socket.terminate())
    const firefox = new Firefox(socket)
    await firefox.#ask('session.new', { capabilities: {} })
    await firefox.#ask('session.subscribe', { events: ['log.entryAdded'] })
    firefox.#context = String((await firefox.#ask('browsingContext.create', { type: 'tab' }))['context'])
    return firefox
  }

  /** What pages complain about. */
  get complaints(): readonly string[] {
    return this.#complaints
  }

  /** What pages say besides, for messages. */
  get remarks(): readonly string[] {
    return this.#remarks
  }

  /** Goes to an address and waits until it is there. */
  async goto(url: string): Promise<void> {
    await this.#ask('browsingContext.navigate', { context: this.#context, url, wait: 'complete' })
  }

  /** Makes the page this wide and high. */
  async resize(width: number, height: number): Promise<void> {
    await this.#ask('browsingContext.setViewport', { context: this.#context, viewport: { width, height } })
  }

  /** What an expression is worth in the page, as JSON tells it. */
  async evaluate<T>(expression: string): Promise<T> {
    const { type, result, exceptionDetails } = await this.#ask('script.evaluate', {
      expression: `(async () => JSON.stringify((await (${expression})) ?? null))()`,
      target: { context: this.#context },
      awaitPromise: true,
      userActivation: false,
    })
    if (type === 'exception') throw new Error(String(Object(exceptionDetails).text))
    return JSON.parse(String(Object(result).value))
  }

  /** Clicks where what an expression gives stands. */
  async click(element: string): Promise<void> {
    const { x, y } = await this.evaluate<{ x: number; y: number }>(
      `(() => { const one = ${element}; one.scrollIntoView({ block: 'center' }); const at = one.getBoundingClientRect(); return { x: Math.round(at.x + at.width / 2), y: Math.round(at.y + at.height / 2) } })()`,
    )
    const actions = [
      { type: 'pointerMove', x, y },
      { type: 'pointerDown', button: 0 },
      { type: 'pointerUp', button: 0 },
    ]
    await this.#ask('input.performActions', { context: this.#context, actions: [{ type: 'pointer', id: 'mouse', actions }] })
  }

  /** Presses a key. */
  async press(key: string): Promise<void> {
    const actions = ['keyDown', 'keyUp'].map((type) => ({ type, value: key }))
    await this.#ask('input.performActions', { context: this.#context, actions: [{ type: 'key', id: 'keyboard', actions }] })
  }

  /** A picture of the page, as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#ask('browsingContext.captureScreenshot', { context: this.#context })
    return Buffer.from(String(data), 'base64')
  }

  #ask(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    const id = ++this.#count
    const answer = new Promise<Record<string, unknown>>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    this.#socket.send(JSON.stringify({ id, method, params }))
    const over = new AbortController()
    const late = sleep(60_000, undefined, { signal: over.signal }).then(() => {
      throw new Error(`Firefox does not answer ${method}`)
    })
    return Promise.race([answer, late]).finally(() => over.abort())
  }

  #hear({ id, type, params, result = {}, message = '' }: Answer): void {
    if (type === 'event') {
      if (params?.level === 'error') this.#complaints.push(params.text ?? '')
      else if (params?.level === 'info') this.#remarks.push(params.text ?? '')
      return
    }
    const asked = this.#waiting.get(id ?? 0)
    this.#waiting.delete(id ?? 0)
    if (type === 'error') asked?.reject(new Error(message))
    else asked?.resolve(result)
  }
}
