import { Worker } from 'node:worker_threads'

/** The most that a hash may cost: above it, one check takes seconds. */
const MAX_COST = 14
const FORM = /^\$2[aby]\$(\d\d)\$[./0-9A-Za-z]{53}$/

/** What the worker does. It is started from a text, because it has to run as it is before and after compilation. */
const WORK = `
const { parentPort, workerData } = require('node:worker_threads')
const bcrypt = import(workerData)
parentPort.on('message', async ({ id, plain, stored }) => {
  const { compareSync } = (await bcrypt).default
  parentPort.postMessage({ id, right: compareSync(plain, stored) })
})`

interface Answer {
  readonly id: number
  readonly right: boolean
}

let worker: Worker | undefined
let lastId = 0
const waiting = new Map<number, (right: boolean) => void>()

/**
 * Whether a password is the one of a bcrypt hash (`$2y$`, `$2b$`, `$2a$`). It is worked out in a thread of its own, for it takes a tenth of a second in which no
 * stream may stop. A malformed hash matches nothing.
 */
export function verifyBcrypt(plain: string, stored: string): Promise<boolean> {
  const cost = Number(FORM.exec(stored)?.[1] ?? Infinity)
  // bcrypt reads 72 bytes and no more: a longer password would be right by its beginning.
  if (cost > MAX_COST || Buffer.byteLength(plain) > 72) return Promise.resolve(false)
  const id = ++lastId
  return new Promise((resolve) => {
    waiting.set(id, resolve)
    worker ??= start()
    worker.ref()
    // That of threads has no origin: the rule means that of windows.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    worker.postMessage({ id, plain, stored })
  })
}

function start(): Worker {
  const made = new Worker(WORK, { eval: true, workerData: import.meta.resolve('bcryptjs'), execArgv: [], env: {} })
  made.on('message', ({ id, right }: Answer) => {
    waiting.get(id)?.(right)
    waiting.delete(id)
    // A thread that has nothing to do keeps no program from its end.
    if (waiting.size === 0) made.unref()
  })
  // What it has not answered is not right; the next check starts another one.
  const fail = (): void => {
    if (worker === made) worker = undefined
    for (const answer of waiting.values()) answer(false)
    waiting.clear()
  }
  made.on('error', fail)
  made.on('exit', fail)
  return made
}
