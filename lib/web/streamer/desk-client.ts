import type { DeskCommand, DeskFolder, DeskList, DeskOrder, DeskRefusal, DeskStart, DeskState, DeskTarget } from '../../api/desk.js'

/** The program has refused something, or is not there any more: `message` is a sentence for people. */
export class DeskError extends Error {
  /** Beside which field it belongs. */
  readonly field: DeskRefusal['error']['field']

  /**
   * @param message a sentence for people
   * @param field beside which field it belongs
   */
  constructor(message: string, field: DeskRefusal['error']['field'] = null) {
    super(message)
    this.name = 'DeskError'
    this.field = field
  }
}

const GONE = 'floecast-source does not answer; look into its terminal, and start it again if it has ended.'

/** What the page began with. */
export const start: DeskStart = readStart()

function readStart(): DeskStart {
  const { data }: { data: DeskStart } = JSON.parse(document.querySelector('#start')?.textContent ?? '{}')
  return data
}

async function ask(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(path, init).catch(() => undefined)
  if (response === undefined) throw new DeskError(GONE)
  if (response.ok) return response
  throw refusalOf(await response.text())
}

function refusalOf(text: string): DeskError {
  try {
    const { error }: DeskRefusal = JSON.parse(text)
    return new DeskError(error.message, error.field)
  } catch {
    return new DeskError(text.trim() || GONE)
  }
}

const post = async (path: string, body: unknown): Promise<void> => {
  await ask(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
}

/** Tells the streamer, or its list. @throws DeskError */
export const command = (body: DeskCommand): Promise<void> => post('/api/command', body)
/** Asks whether the server would take the stream. @throws DeskError */
export const check = (body: DeskTarget): Promise<void> => post('/api/check', body)
/** Begins to stream. @throws DeskError */
export const connect = (body: DeskOrder): Promise<void> => post('/api/connect', body)

/** What lies in a folder of this computer. @throws DeskError */
export async function readFolder(path: string): Promise<DeskFolder> {
  const response = await ask(`/api/folder?path=${encodeURIComponent(path)}`)
  return response.json()
}

/**
 * Hands a file over.
 * @param progress hears which share of it is over, up to 1
 * @throws DeskError
 */
export function upload(file: File, progress: (share: number) => void, signal: AbortSignal): Promise<void> {
  // fetch does not tell how far it is.
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PUT', `/api/files?name=${encodeURIComponent(file.name)}`)
    request.upload.addEventListener('progress', ({ loaded, total }) => progress(total === 0 ? 1 : loaded / total))
    request.addEventListener('load', () => (request.status < 300 ? resolve() : reject(refusalOf(request.responseText))))
    request.addEventListener('error', () => reject(new DeskError(`Cannot take "${file.name}": it could not be read, or ${GONE}`)))
    request.addEventListener('abort', () => reject(new DeskError('')))
    signal.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}

/** How things stand, kept up to date by a stream of events. */
export class DeskFeed {
  /** How things stand, but for the list. */
  state: DeskState = start.state
  /** The list; another array whenever anything of it is different. */
  list: DeskList = start.list
  /** Whether the program is not heard any more. */
  lost = false
  readonly #owner: { requestUpdate(): void }

  /** @param owner hears that there is news */
  constructor(owner: { requestUpdate(): void }) {
    this.#owner = owner
    const events = new EventSource('/api/events')
    events.addEventListener('state', ({ data }: MessageEvent<string>) => {
      this.state = JSON.parse(data)
      this.#tell(false)
    })
    events.addEventListener('list', ({ data }: MessageEvent<string>) => {
      this.list = JSON.parse(data)
      this.#tell(false)
    })
    events.addEventListener('error', () => this.#tell(true))
  }

  #tell(isLost: boolean): void {
    this.lost = isLost
    this.#owner.requestUpdate()
  }
}
