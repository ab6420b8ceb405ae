import type { Context } from 'koa'
import { FloecastError } from '../../../errors.js'
import { rawQuery } from '../../../icy/path.js'

const FORM_LIMIT = 16_384

/**
 * What a command of Icecast brings: its raw query and, by POST, the form behind it. Bytes beyond ASCII are percent-encoded, for only the charset in it tells
 * what they mean.
 * @throws FloecastError BAD_REQUEST for a form that is too large or breaks off
 */
export async function commandQuery(ctx: Context): Promise<string> {
  const form = ctx.method === 'POST' ? await readForm(ctx) : ''
  return [rawQuery(ctx.url), form].filter(Boolean).join('&')
}

async function readForm(ctx: Context): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    // The connection must outlive a form that is too large: the refusal goes out on it.
    for await (const chunk of ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > FORM_LIMIT) break
      chunks.push(chunk)
    }
  } catch {
    throw new FloecastError('BAD_REQUEST', { reason: 'the form has broken off' })
  }
  if (size > FORM_LIMIT) {
    ctx.set('Connection', 'close')
    throw new FloecastError('BAD_REQUEST', { reason: `the form is larger than ${FORM_LIMIT} bytes` })
  }
  const text = Buffer.concat(chunks).toString('latin1').trim()
  return text.replace(/[^\x21-\x7e]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
