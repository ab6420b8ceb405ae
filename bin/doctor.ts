import type { Config } from './schema.js'
import { ConfigError } from './config.js'
import { checkCertificate } from './doctor-certificate.js'
import { checkClock, checkFolder, checkFiles, checkNode } from './doctor-machine.js'
import { checkPorts } from './doctor-ports.js'
import type { Finding } from './finding.js'
import { reasonOf } from './reason.js'

/** What the doctor looks at. */
export interface Patient {
  /** Name of the configuration file; undefined for the defaults. */
  readonly file: string | undefined
  /** Where state is kept. */
  readonly stateDir: (config: Config) => string
  /** Reads the configuration, or throws what is wrong with it. */
  readonly load: () => Config
}

/** Looks at all on which a server depends before it starts, or beside one that runs. It changes nothing. */
export async function examine({ file, load, stateDir }: Patient): Promise<Finding[]> {
  const general = [checkNode(), checkClock()]
  let config: Config
  try {
    config = load()
  } catch (error) {
    const reasons = error instanceof ConfigError ? error.problems : [reasonOf(error)]
    return [
      ...general,
      ...reasons.map((message): Finding => {
        return { check: 'configuration', state: 'bad', message, advice: 'Correct it; floecast --print-config explains every key.' }
      }),
    ]
  }
  const folder = stateDir(config)
  return [
    ...general,
    { check: 'configuration', state: 'good', message: `${file ?? 'the configuration (defaults)'} is right` },
    checkFiles(config),
    ...(await checkPorts(config)),
    ...(config.tls === undefined ? [] : [checkCertificate(config.tls, config.hostname)]),
    checkFolder('state', folder),
    ...(config.mediaDir === undefined ? [] : [checkFolder('media', config.mediaDir)]),
  ]
}

const MARKS = { good: '✓', warning: '!', bad: '✗' } as const

/** A line for each finding; for machines, one JSON document. */
export function formatFindings(findings: readonly Finding[], json: boolean): string {
  if (json) return `${JSON.stringify({ ok: isWell(findings), findings }, null, 2)}\n`
  return findings
    .map(
      ({ check, state, message, advice }) => `${MARKS[state]} ${check.padEnd(13)} ${message}.${advice === undefined ? '' : ` ${advice}`}\n`,
    )
    .join('')
}

/** Whether floecast can do its work. */
export const isWell = (findings: readonly Finding[]): boolean => findings.every(({ state }) => state !== 'bad')
