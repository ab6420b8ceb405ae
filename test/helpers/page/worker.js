/* Runs in a browser that nobody can drive from outside: takes its work from the server that it came from, and hands back what it saw. */
import { play } from './play.js'

const number = new URL(location.href).searchParams.get('job')
const job = await (await fetch(`./job?job=${number}`)).json()
await fetch(`./seen?job=${number}`, { method: 'POST', body: JSON.stringify(await play(job)) })
