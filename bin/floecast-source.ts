#!/usr/bin/env node
import { run } from './source/run.js'

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
// Whatever still holds the process, such as a pipe that nobody closes, has had its time.
setTimeout(() => process.exit(), 500).unref()
