/*
 * This example shows how to:
 *  1. listen to any Icecast or SHOUTcast stream, playlist or redirect, and print its titles
 *  2. take the titles out of bytes that you have got in another way, here by fetch
 */
import { ListenerClient } from '../lib/client/index.js'
import { IcyDecoder } from '../lib/icy/index.js'

const address = process.argv[2] ?? 'http://localhost:8000/live'

if (process.argv[3] === 'fetch') {
  const response = await fetch(address, { headers: { 'Icy-MetaData': '1' } })
  const metaint = Number(response.headers.get('icy-metaint') ?? 0)
  if (metaint === 0 || response.body === null) throw new Error('This stream brings no titles')
  const decoder = new IcyDecoder(metaint)
  for await (const chunk of response.body)
    for (const item of decoder.push(Buffer.from(chunk))) if (!Buffer.isBuffer(item)) console.log(item.display)
} else {
  const stream = new ListenerClient(address)
  stream.on('response', ({ url, headers }) => console.log(`${headers.get('icy-name') ?? url.href} (${headers.get('content-type')})`))
  stream.on('metadata', ({ display }) => console.log(display))
  stream.on('error', (error) => console.error(error.message))
  // Without a reader nothing flows; a player would be piped to.
  stream.resume()
}
