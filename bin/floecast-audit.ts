#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { audit } from '../lib/hls/audit.js'

const USAGE = `floecast-audit URL [--seconds 20] [--json]: watches a live HLS or DASH stream as players do, and tells each rule that its server breaks

  URL            a multivariant playlist, a media playlist, or an MPD
  --seconds N    how long to watch (20)
  --json         write the findings as JSON

It ends with 0 when all is well, with 1 when something was found, with 2 when the command line makes no sense.
`

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
  strict: false,
})
const [url] = positionals
const seconds = Number(values.seconds ?? 20)
if (values.help === true) process.stdout.write(USAGE)
else if (url === undefined || positionals.length > 1 || !/^https?:\/\//.test(url) || !URL.canParse(url) || !(seconds > 0)) {
  process.stderr.write(USAGE)
  process.exitCode = 2
} else {
  const json = values.json === true
  const findings = await audit(url, {
    seconds,
    onFinding: ({ rule, clause, url: where, found, expected }) => {
      if (!json) process.stdout.write(`${rule}: ${clause}\n  at       ${where}\n  found    ${found}\n  expected ${expected}\n\n`)
    },
  })
  if (json) process.stdout.write(`${JSON.stringify(findings, undefined, 2)}\n`)
  else process.stdout.write(findings.length === 0 ? `All is well after ${seconds} s.\n` : `${findings.length} findings in ${seconds} s.\n`)
  process.exitCode = findings.length === 0 ? 0 : 1
}
