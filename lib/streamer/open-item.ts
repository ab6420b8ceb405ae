import { type Readable } from 'node:stream'
import { AutoDemuxer } from '../formats/detect.js'
import type { MediaTrack } from '../formats/packet.js'
import { createPacketReader } from '../formats/packets.js'
import { type Ffmpeg } from '../client/ffmpeg.js'
import type { FfmpegRun } from '../client/ffmpeg-run.js'
import { sourceKind } from '../client/playlist-item.js'
import { probe } from '../client/probe.js'
import type { MediaFacts, MediaStream } from '../client/probe-facts.js'
import { FloecastError } from '../errors.js'
import type { Packet } from '../formats/packet.js'
import { type ConversionPlan, planItem, type PlanOptions } from './conversion.js'
import type { Item } from './item.js'
import { openBytes, openPlain, type PlainTarget } from './open-plain.js'
import type { Output } from './output.js'
import { PacketStream, readPackets } from './packet-stream.js'

/** Opens what is to play: as it is where that fits the output, else by way of ffmpeg. */
export class Opener {
  readonly #output: Output
  readonly #ffmpeg: Ffmpeg | undefined
  readonly #facts = new Map<string, MediaFacts>()

  /** @param ffmpeg without it, only what fits as it is can be opened */
  constructor(output: Output, ffmpeg: Ffmpeg | undefined) {
    this.#output = output
    this.#ffmpeg = ffmpeg
  }

  /**
   * Opens a file, an address or a device.
   * @param from seconds from its beginning
   * @throws FloecastError when that cannot be
   */
  async open(source: string, from = 0): Promise<Item> {
    const ffmpeg = this.#ffmpeg
    if (ffmpeg === undefined) return openPlain(source, this.#target, from)
    const kind = sourceKind(source)
    if (kind === 'stdin') return this.openBytes('standard input', process.stdin, undefined)
    if (kind === 'device') return this.#run(ffmpeg, source, undefined, { at: from, devices: await ffmpeg.devices() })
    const facts = await this.#probe(ffmpeg, source)
    const plan = planItem(source, facts, this.#output, { at: from })
    // Most of what need not be encoded need not go through another process, either.
    const plain = plan.way === 'copy' && kind === 'file' ? await openPlain(source, this.#target, from).catch(() => undefined) : undefined
    if (plain !== undefined) return { ...plain, duration: facts.duration, title: titleOf(facts) ?? plain.title }
    return this.#start(ffmpeg, source, plan, from, facts)
  }

  /**
   * Opens the picture of a file at some second, in silence, without an end.
   * @returns `undefined` when there is none to be had
   */
  async openStill(source: string, from: number): Promise<Item | undefined> {
    if (this.#ffmpeg === undefined || sourceKind(source) !== 'file') return undefined
    const facts = await this.#probe(this.#ffmpeg, source)
    // The very end has no picture.
    const at = Math.max(0, facts.duration === undefined ? from : Math.min(from, facts.duration - 1))
    return this.#run(this.#ffmpeg, source, facts, { at, hold: true })
  }

  /**
   * Opens bytes that are handed in, at their own pace.
   * @param name for people
   * @param mime what they are said to be
   */
  async openBytes(name: string, bytes: AsyncIterable<Buffer>, mime: string | undefined): Promise<Item> {
    const ffmpeg = this.#ffmpeg
    if (ffmpeg === undefined || this.#output.copy === 'always') return openBytes(name, bytes, mime, this.#target)
    const { tracks, rest } = await look(bytes, mime)
    if (tracks.length === 0) throw new FloecastError('ITEM_UNREADABLE', { source: name, reason: 'no video or audio could be read' })
    const plan = planItem('-', factsOf(tracks), this.#output)
    const run = ffmpeg.run(plan.args, { outputs: plan.outputs, source: name, input: true })
    void feed(rest, run)
    return collect(run, plan, this.#wanted, undefined, undefined)
  }

  get #wanted(): PlainTarget['wanted'] {
    return { video: this.#output.video !== undefined, audio: true }
  }

  get #target(): PlainTarget {
    return { container: this.#output.format, wanted: this.#wanted }
  }

  #run(ffmpeg: Ffmpeg, source: string, facts: MediaFacts | undefined, options: PlanOptions): Promise<Item> {
    return this.#start(ffmpeg, source, planItem(source, facts, this.#output, options), options.hold ? 0 : (options.at ?? 0), facts)
  }

  #start(ffmpeg: Ffmpeg, source: string, plan: ConversionPlan, from: number, facts: MediaFacts | undefined): Promise<Item> {
    const run = ffmpeg.run(plan.args, { outputs: plan.outputs, source })
    const duration = plan.duration === undefined ? undefined : plan.duration + from
    return collect(run, plan, this.#wanted, duration, facts && titleOf(facts))
  }

  async #probe(ffmpeg: Ffmpeg, source: string): Promise<MediaFacts> {
    const known = this.#facts.get(source)
    if (known !== undefined) return known
    const facts = await probe(source, { path: ffmpeg.probePath })
    this.#facts.set(source, facts)
    // What plays again soon, after a pause or a fault, need not be looked at again.
    for (const old of this.#facts.keys()) if (this.#facts.size > MAX_FACTS) this.#facts.delete(old)
    return facts
  }
}

async function collect(
  run: FfmpegRun,
  { way, note }: ConversionPlan,
  wanted: PlainTarget['wanted'],
  duration: number | undefined,
  title: string | undefined,
): Promise<Item> {
  const close = async (): Promise<void> => void (await run.stop())
  try {
    const rungs = await Promise.all(run.outputs.map((output) => PacketStream.open(packetsOf(output, run), wanted)))
    const there = rungs.filter((rung) => rung !== undefined)
    if (there.length < rungs.length) throw new FloecastError('FFMPEG_FAILED', { reason: 'it gives nothing of this item' })
    // Sound that begins before 0 is what its decoder needs to settle.
    return { rungs: there, ...(way === 'convert' && { start: 0 }), way, note, duration, title, close }
  } catch (error) {
    await close()
    throw error
  }
}

// An output that ends says nothing of why: a process that was killed must not look like the end of the item.
async function* packetsOf(output: Readable, run: FfmpegRun): AsyncGenerator<readonly Packet[], void, undefined> {
  yield* readPackets(output)
  const { problem } = await run.end
  if (problem !== undefined) throw problem
}

/** Reads on until it is clear which tracks there are, and gives back all bytes. */
async function look(
  bytes: AsyncIterable<Buffer>,
  mime: string | undefined,
): Promise<{ readonly tracks: readonly MediaTrack[]; readonly rest: AsyncIterable<Buffer> }> {
  const iterator = bytes[Symbol.asyncIterator]()
  const held: Buffer[] = []
  const demuxer = new AutoDemuxer(mime)
  let reader: ReturnType<typeof createPacketReader>
  let size = 0
  while (size < MAX_LOOK) {
    const next = await iterator.next()
    if (next.done === true) break
    held.push(next.value)
    size += next.value.length
    const frames = demuxer.push(next.value)
    if (!demuxer.detected) continue
    reader ??= createPacketReader(demuxer.format)
    reader?.read(frames)
    if (reader === undefined || (reader.tracks.length > 0 && !reader.pending)) break
  }
  async function* all(): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* held.splice(0)
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
    } finally {
      await iterator.return?.()
    }
  }
  return { tracks: reader?.tracks ?? [], rest: all() }
}

async function feed(bytes: AsyncIterable<Buffer>, run: FfmpegRun): Promise<void> {
  const { input } = run
  if (input === undefined) return
  try {
    for await (const chunk of bytes) {
      if (input.destroyed) return
      if (!input.write(chunk)) await new Promise<void>((resolve) => void input.once('drain', resolve).once('close', resolve))
    }
  } catch {
    // Whoever hands in has gone: what is there is the end.
  }
  input.end()
}

/** What can be said of tracks whose bytes are handed in. */
function factsOf(tracks: readonly MediaTrack[]): MediaFacts {
  const streams = tracks.map(({ kind, codecId, width, height, frameRate, sampleRate, channels }, index): MediaStream => ({
    index,
    kind,
    codec: codecId,
    isDefault: true,
    isCover: false,
    ...(kind === 'video' ? { width, height, frameRate, rotation: 0, pixelAspect: 1 } : { sampleRate, channels }),
  }))
  return { source: '-', format: '', duration: undefined, isPicture: false, streams }
}

function titleOf({ title, artist }: MediaFacts): string | undefined {
  return title && artist ? `${artist} - ${title}` : title
}

const MAX_FACTS = 16
/** Bytes of what is handed in that are looked at to know its tracks. */
const MAX_LOOK = 2_097_152
