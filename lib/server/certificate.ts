import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { Socket } from 'node:net'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type { Logger } from '../log.js'

/** Where a certificate lies: paths of PEM files. */
export interface CertificateFiles {
  /** The certificate, with its chain. */
  readonly certificate: string
  /** The private key. */
  readonly key: string
}

// Certificates are renewed by programs that replace the files; looking every few seconds sees that on every file system.
const INTERVAL = 5_000

/** A certificate that is read again when its files change; connections that are there keep the one they have. */
export class Certificate {
  readonly #files: CertificateFiles
  readonly #logger: Logger
  #context: SecureContext

  /** @throws Error when the files cannot be read or do not fit each other */
  constructor(files: CertificateFiles, logger: Logger) {
    this.#files = files
    this.#logger = logger
    this.#context = read(files)
    for (const path of [files.certificate, files.key]) watchFile(path, { interval: INTERVAL, persistent: false }, this.reload)
  }

  /** Wraps a new connection in TLS. */
  readonly secure = (socket: Socket): Socket =>
    new TLSSocket(socket, { isServer: true, secureContext: this.#context, ALPNProtocols: ['http/1.1'] })

  /** Reads the files again; while they do not fit, the certificate stays as it is. */
  readonly reload = (): void => {
    try {
      this.#context = read(this.#files)
      this.#logger.info({ certificate: this.#files.certificate }, 'the certificate has been read again')
    } catch (error) {
      this.#logger.warn({ err: error }, `Cannot use ${this.#files.certificate} with ${this.#files.key}; the certificate of before stays`)
    }
  }

  /** Stops watching. */
  close(): void {
    for (const path of [this.#files.certificate, this.#files.key]) unwatchFile(path, this.reload)
  }
}

const read = ({ certificate, key }: CertificateFiles): SecureContext =>
  createSecureContext({ cert: readFileSync(certificate), key: readFileSync(key) })
