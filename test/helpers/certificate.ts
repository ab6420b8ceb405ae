import { join } from 'node:path'
import { run } from './programs.js'

/** A certificate and its key, as files. */
export interface Pair {
  readonly certificate: string
  readonly key: string
}

/** Makes a certificate of its own for this machine. */
export async function makeCertificate(folder: string, name: string): Promise<Pair> {
  const pair = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
  const fixed = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost'
  const named = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', pair.key, '-out', pair.certificate]
  const { code, program } = await run('openssl', [...fixed.split(' '), ...named])
  if (code !== 0) throw new Error(`Cannot make a certificate: ${program.output}`)
  return pair
}
