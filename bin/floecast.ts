#!/usr/bin/env node
import { run } from './run.js'
import { runHere } from './world.js'

await runHere(run)
