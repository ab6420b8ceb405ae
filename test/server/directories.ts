import { createServer as createHttp, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { SourceClient } from '../../lib/client/index.js'
import { type Logger, silent } from '../../lib/log.js'
import { basic } from '../../lib/server/auth.js'
import { createServer, type Server } from '../../lib/server/server.js'
import { FakeClock } from '../helpers/clock.js'
import { until } from '../helpers/wait.js'

const MP3 = Buffer.concat(Array.from({ length: 20 }, () => Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413)])))

type Scope = { teardown(call: () => unknown): void }

interface Asked {
  readonly form: URLSearchParams
  readonly answer: ServerResponse
}

/** A directory that remembers what it was asked, and answers as it is told to. */
async function directory(t: Scope, answer: (asked: Asked) => void) {
  const asked: URLSearchParams[] = []
  const http = createHttp((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const form = new URLSearchParams(body)
      asked.push(form)
      answer({ form, answer: response })
    })
  })
  await new Promise<void>((resolve) => void http.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    http.closeAllConnections()
    http.close()
  })
  const { port } = http.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/yp`, actions: () => asked.map((form) => form.get('action')), asked }
}

const good = ({ form, answer }: Asked): void => {
  answer.writeHead(200, { YPResponse: '1', ...(form.get('action') === 'add' && { SID: 'a1', TouchFreq: '60' }) }).end()
}

async function station(t: Scope, urls: readonly string[], allowPrivate = true) {
  const clock = new FakeClock(Date.now())
  const warnings: string[] = []
  const logger: Logger = { ...silent, warn: (_: unknown, sentence?: string) => void warnings.push(sentence ?? '') }
  const server: Server = createServer({
    auth: basic({ source: 'hackme', admin: 'letmein' }),
    hostname: 'radio.example',
    logger,
    clock,
    webhooks: { allowPrivate },
    directories: urls.map((url) => ({ url })),
    mounts: { '/*': { sourceTimeout: 3_600_000 }, '/secret': { hidden: true } },
  })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1', shoutcastPort: false })
  t.teardown(() => server.close())
  const publish = async (mount: string, listed = true): Promise<SourceClient> => {
    const address = `http://source:hackme@127.0.0.1:${port}${mount}`
    const source = new SourceClient(address, { contentType: 'audio/mpeg', name: 'Hafen & Möwe', genre: 'Nature', public: listed })
    source.on('error', () => {})
    source.write(MP3)
    await until('the source to be on the air', () => server.mounts.get(mount)?.ready)
    return source
  }
  // Time passes while the source goes on.
  const passing = (source: SourceClient, ask: () => unknown) => (): boolean => {
    source.write(MP3)
    clock.pass(1_000)
    return Boolean(ask())
  }
  return { server, clock, warnings, port, publish, passing }
}

t.test('a public mount is added, touched and removed; others are not told of', async (t) => {
  const yp = await directory(t, good)
  const { server, port, publish, passing } = await station(t, [yp.url])
  await publish('/secret')
  await publish('/own', false)
  const source = await publish('/l ive')
  await source.setMetadata({ title: 'Möwe' })
  await until(
    'a touch',
    passing(source, () => yp.actions().includes('touch')),
  )
  const [added, touched] = yp.asked
  t.match(Object.fromEntries(added!), {
    action: 'add',
    sn: 'Hafen & Möwe',
    genre: 'Nature',
    listenurl: `http://radio.example:${port}/l%20ive`,
    type: 'audio/mpeg',
    stype: 'MP3',
  })
  t.match(Object.fromEntries(touched!), { action: 'touch', sid: 'a1', st: 'Möwe', listeners: '0', max_listeners: 'unlimited' })
  source.destroy()
  await until('it to be removed', () => yp.actions().includes('remove'))
  t.match(Object.fromEntries(yp.asked.at(-1)!), { action: 'remove', sid: 'a1' })
  const again = await publish('/again')
  await until(
    'the next',
    passing(again, () => yp.actions().at(-1) === 'add'),
  )
  await until('its number', () => yp.asked.length > 0)
  await server.close()
  t.ok(yp.asked.every((form) => !/secret|own/.test(form.get('listenurl') ?? '')))
})

t.test('a directory that forgets, refuses or is silent is asked again with patience, and delays nothing', async (t) => {
  const forgetful = await directory(t, (asked) => {
    if (asked.form.get('action') !== 'touch') return good(asked)
    asked.answer.writeHead(200, { YPResponse: '0', YPMessage: 'unknown sid' }).end()
  })
  const silentOne = await directory(t, () => {})
  const { server, warnings, publish, passing } = await station(t, [forgetful.url, silentOne.url])
  const source = await publish('/live')
  await until(
    'the mount to be added anew',
    passing(source, () => forgetful.actions().filter((action) => action === 'add').length > 1),
  )
  await until(
    'the silent one to be asked again',
    passing(source, () => silentOne.actions().length > 1),
  )
  t.ok(warnings.some((text) => /^directory: 127\.0\.0\.1:\d+ refuses touch: unknown/.test(text)))
  t.ok(warnings.some((text) => /does not answer within 10 s/.test(text)))
  t.ok(server.mounts.get('/live')?.ready)
})

t.test('directories within the own network are not called unless that is allowed, and none is by default', async (t) => {
  const yp = await directory(t, good)
  const { warnings, publish, passing, server } = await station(t, [yp.url], false)
  const source = await publish('/live')
  await until(
    'a warning',
    passing(source, () => warnings.some((text) => /webhooks\.allowPrivate/.test(text))),
  )
  t.strictSame(yp.asked, [])
  server.reload({ auth: basic({ source: 'hackme', admin: 'letmein' }) })
  t.strictSame(server.settings.directories, [])
})
