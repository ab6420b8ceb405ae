import type { EventEmitter } from 'node:events'

/** The world around a program, so that tests can be it. */
export interface World {
  /** Arguments without node and the script. */
  readonly argv: readonly string[]
  /** Environment variables. */
  readonly env: NodeJS.ProcessEnv
  /** What is typed or piped in. */
  readonly stdin: NodeJS.ReadableStream
  /** Answers, and what happens. */
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean }
  /** Why nothing was done. */
  readonly stderr: { write(text: string): unknown }
  /** Emits SIGTERM, SIGINT, SIGHUP and exit. */
  readonly signals: EventEmitter
  /** Whether whoever runs it may do everything. */
  readonly isRoot?: boolean
  /** Ends the process at once. */
  readonly exit: (code: number) => void
}

/** The same with a whole terminal, or what stands in its place. */
export interface TerminalWorld extends World {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
}

/** Runs a program in this process, whose exit code it gives. */
export async function runHere(run: (world: TerminalWorld) => Promise<number>): Promise<void> {
  const { argv, env, stdin, stdout, stderr } = process
  process.exitCode = await run({
    argv: argv.slice(2),
    env,
    stdin,
    stdout,
    stderr,
    signals: process,
    isRoot: process.getuid?.() === 0,
    exit: (code) => process.exit(code),
  })
  // Whatever still holds the process, such as a socket that will not end or a pipe that nobody closes, has had its time.
  setTimeout(() => process.exit(), 500).unref()
}
