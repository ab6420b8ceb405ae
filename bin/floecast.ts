#!/usr/bin/env node
import { run } from './run.js'

const { argv, env, stdin, stdout, stderr } = process
process.exitCode = await run({
  argv: argv.slice(2),
  env,
  stdin,
  stdout,
  stderr,
  signals: process,
  exit: (code) => process.exit(code),
})
// Whatever still holds the process, such as a socket that will not end, has had its time.
setTimeout(() => process.exit(), 500).unref()
