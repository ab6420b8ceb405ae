/**
 * Takes an answer with ICY metadata apart, head and all: the audio, and the texts of the blocks that were not empty.
 * It is written for the tests alone, so that a fault in the library cannot hide itself.
 */
export function deinterleave(answer: Buffer): { head: string; audio: Buffer; titles: string[] } {
  const end = answer.indexOf('\r\n\r\n')
  const head = answer.toString('latin1', 0, Math.max(0, end))
  const every = Number(/icy-metaint: ?(\d+)/i.exec(head)?.[1] ?? 0)
  const audio: Buffer[] = []
  const titles: string[] = []
  if (end < 0 || every === 0) return { head, audio: Buffer.alloc(0), titles }
  for (let at = end + 4; at < answer.length;) {
    audio.push(answer.subarray(at, at + every))
    at += every
    const length = (answer[at] ?? 0) * 16
    if (length > 0 && at + 1 + length <= answer.length) titles.push(answer.toString('utf8', at + 1, at + 1 + length).replace(/\0+$/, ''))
    at += 1 + length
  }
  return { head, audio: Buffer.concat(audio), titles }
}
