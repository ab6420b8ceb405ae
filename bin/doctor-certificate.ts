import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { CreateServerOptions } from '../lib/index.js'
import type { Finding } from './finding.js'
import { reasonOf } from './reason.js'

const DAY = 86_400_000
/** Days before its end at which renewing a certificate should have happened long ago: most renew a month before. */
const SOON = 14

/** Whether a certificate can be read, fits its key, holds, and is for the name of the server. */
export function checkCertificate(
  { certificate: path, key }: NonNullable<CreateServerOptions['tls']>,
  hostname: string | undefined,
  now = Date.now(),
): Finding {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(readFileSync(path))
  } catch (error) {
    return finding('bad', `${path} cannot be used: ${reasonOf(error)}`, 'It has to hold a certificate and its chain, PEM.')
  }
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(key))))
      return finding('bad', `${key} is not the key of ${path}`, 'Name the two files that were made together.')
  } catch (error) {
    return finding('bad', `${key} cannot be used: ${reasonOf(error)}`, 'It has to hold a private key without a passphrase, PEM.')
  }
  const names = certificate.subjectAltName?.replaceAll(/(DNS|IP Address):/g, '') ?? certificate.subject.replaceAll('\n', ', ')
  const days = Math.floor((Date.parse(certificate.validTo) - now) / DAY)
  if (days < 0) return finding('bad', `${path} has ended on ${certificate.validTo}`, 'Renew it; floecast reads it again by itself.')
  if (Date.parse(certificate.validFrom) > now)
    return finding('bad', `${path} begins on ${certificate.validFrom}`, 'See whether the clock is right.')
  if (hostname !== undefined && !isFor(certificate, hostname))
    return finding('warning', `${path} is for ${names}, and not for ${hostname}`, 'Get one for that name, or change hostname.')
  const message = `${path} is for ${names}, and holds for ${days} more days`
  return days < SOON ? finding('warning', message, 'See why it has not been renewed.') : finding('good', message)
}

const isFor = (certificate: X509Certificate, host: string): boolean =>
  (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined

const finding = (state: Finding['state'], message: string, advice?: string): Finding => {
  return { check: 'certificate', state, message, ...(advice !== undefined && { advice }) }
}
