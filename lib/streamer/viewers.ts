/**
 * Asks a server how many watch or listen to a mount: floecast, then Icecast.
 * @returns `undefined` where it does not say
 */
export async function viewersOf(mount: URL): Promise<number | undefined> {
  const path = decodeURIComponent(mount.pathname)
  const ours = await ask(new URL('/api/v1/status', mount))
  for (const one of listOf(ours, 'mounts')) if (one['mount'] === path) return numberOf(one['listeners'])
  if (ours !== undefined) return undefined
  const theirs = await ask(new URL('/status-json.xsl', mount))
  const stats = theirs?.['icestats']
  for (const one of isRecord(stats) ? listOf(stats, 'source') : []) {
    const url = String(one['listenurl'])
    if (URL.canParse(url) && decodeURIComponent(new URL(url).pathname) === path) return numberOf(one['listeners'])
  }
  return undefined
}

async function ask(url: URL): Promise<Record<string, unknown> | undefined> {
  url.username = url.password = ''
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE), headers: { accept: 'application/json' } })
    const answer: unknown = response.ok ? await response.json() : await response.body?.cancel()
    return isRecord(answer) ? answer : undefined
  } catch {
    return undefined
  }
}

// Icecast gives one source as an object and several as a list.
function listOf(record: Record<string, unknown> | undefined, name: string): Record<string, unknown>[] {
  const value = record?.[name]
  return (Array.isArray(value) ? value : [value]).filter(isRecord)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** Milliseconds that an answer is waited for. */
const PATIENCE = 4_000
