/*
 * This example shows how to:
 *  1. run a streaming server inside your own program
 *  2. hear who publishes, what they send, and who listens
 *  3. set a title from your program
 *  4. change options while it runs, and end it in order
 */
import { basic, createMetadata, createServer } from '../lib/index.js'

const passwords = basic({ source: process.env['SOURCE_PASSWORD'] ?? 'hackme', admin: process.env['ADMIN_PASSWORD'] ?? 'letmein' })
const mounts = { '/live': { name: 'Night radio', maxListeners: 500 } }
const server = createServer({ auth: passwords, mounts })

server.on('source', (source, mount) => console.log(`${mount.name}: ${source.details.agent || 'a source'} from ${source.details.address}`))
server.on('format', (source, mount) => {
  console.log(`${mount.name}: ${source.demuxer.format}, ${source.demuxer.tracks.map(({ codec }) => codec).join(' and ')}`)
  if (mount.metadata.display === '') mount.setMetadata(createMetadata({ artist: 'floecast', title: 'Good evening' }))
})
server.on('metadata', (mount) => console.log(`${mount.name}: now ${mount.metadata.display}`))
server.on('listener', (_, mount) => console.log(`${mount.name}: ${mount.audience} listening`))
server.on('departure', (_, mount) => console.log(`${mount.name}: ${mount.audience} listening`))
server.on('end', (_, mount, reason) => console.log(`${mount.name}: off the air, because ${reason}`))
server.on('warning', (sentence, mount) => console.log(`${mount.name}: ${sentence}`))

const { port } = await server.listen({ port: Number(process.env['PORT'] ?? 8000) })
console.log(`http://localhost:${port}: publish to /live as source / hackme; Ctrl+C ends it`)

// On SIGHUP, as daemons do it: nobody is dropped.
process.on('SIGHUP', () => server.reload({ auth: passwords, mounts: { '/live': { ...mounts['/live'], maxListeners: 1000 } } }))
process.once('SIGINT', () => void server.close())
