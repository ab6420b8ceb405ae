import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export { sleep }

/**
 * Asks again and again until the answer is neither undefined nor false, and gives it back.
 * @param what completes the sentence «Waited N s for …» of the error that ends it
 */
export async function until<T>(what: string, ask: () => T | Promise<T>, { timeout = 15_000, every = 50 } = {}): Promise<NonNullable<T>> {
  const end = Date.now() + timeout
  let fault: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== null && answer !== false) return answer
      fault = undefined
    } catch (error) {
      fault = error
    }
    if (Date.now() > end) throw new Error(`Waited ${timeout / 1000} s for ${what}`, { cause: fault })
    await sleep(every)
  }
}

const bindable = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/** A port of the loopback that is free, and whose next one is free, too. */
export async function freePort(): Promise<number> {
  for (;;) {
    // Below the range from which the kernel takes the ports of outgoing connections.
    const port = 12_000 + 2 * Math.floor(Math.random() * 10_000)
    if ((await bindable(port)) && (await bindable(port + 1))) return port
  }
}
