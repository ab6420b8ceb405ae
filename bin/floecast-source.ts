#!/usr/bin/env node
import { run } from './source/run.js'
import { runHere } from './world.js'

await runHere(run)
