import { z } from 'zod'
import { operation } from './operation.js'

const seconds = (what: string): z.ZodNumber => z.number().describe(`${what}, in seconds`)
const bits = (what: string): z.ZodNullable<z.ZodNumber> =>
  z.number().nullable().describe(`${what}, in bits a second; null while it is not known`)
const count = (what: string): z.ZodNumber => z.int().min(0).describe(what)

/** One track of a source, as its packets show it. */
export const trackMeasures = z.strictObject({
  id: z.int().describe('Its number among the tracks of the source'),
  kind: z.enum(['audio', 'video']).describe('What it carries'),
  codec: z.string().describe('The codec by its usual name, such as H.264'),
  codecs: z.string().describe('The codec as RFC 6381 writes it, such as avc1.64001f'),
  width: z.number().nullable().describe('Picture width in pixels'),
  height: z.number().nullable().describe('Picture height in pixels'),
  sampleRate: z.number().nullable().describe('Samples a second'),
  channels: z.number().nullable().describe('Audio channels'),
  packets: count('Packets since the source connected'),
  rate: z.strictObject({ now: bits('Over the last five seconds'), minute: bits('Over the last minute') }).describe('Its bit rate'),
  frameRate: z
    .strictObject({
      seen: z.number().nullable().describe('Pictures a second that came during the last minute; null while that is not known'),
      declared: z.number().nullable().describe('Pictures a second that the stream states; null where it does not'),
    })
    .nullable()
    .describe('Of pictures: how many come, and how many should'),
  missing: seconds('What was left out between packets of sound during the last minute'),
  silent: seconds('How long nothing of it has come, while others went on'),
  variable: z.boolean().describe('Whether packets of sound are of very different sizes: a variable bit rate'),
})

/** What is measured of a source while it sends. */
export const healthMeasures = z.strictObject({
  seconds: seconds('How long this source has been looked at'),
  rate: z
    .strictObject({
      now: bits('Over the last five seconds'),
      minute: bits('Over the last minute'),
      peak: bits('The most over five seconds of the last minute'),
    })
    .describe('Bit rate of all tracks together'),
  tracks: z.array(trackMeasures).readonly().describe('Its tracks that can be repackaged'),
  keyFrames: z
    .strictObject({
      last: z.number().nullable().describe('Seconds between the last two'),
      median: z.number().nullable().describe('The usual distance in seconds, of the last 32'),
      longest: z.number().nullable().describe('The longest distance in seconds, of the last 32'),
      open: seconds('How far the pictures have come since the last one'),
    })
    .nullable()
    .describe('How far apart key frames are; null without pictures'),
  reorder: z
    .strictObject({
      frames: z.boolean().describe('Whether pictures are sent in another order than they are shown (B-frames)'),
      delay: seconds('The longest that a picture was sent before it is shown, of late'),
    })
    .nullable()
    .describe('How pictures are ordered; null without pictures'),
  skew: z
    .number()
    .nullable()
    .describe('Seconds by which sound is sent ahead of the pictures (below 0: behind), usual value of the last minute; null without both'),
  arrival: z
    .strictObject({
      gap: z
        .number()
        .nullable()
        .describe('The longest wait for media, in seconds: in 19 of 20 seconds of the last minute it was no longer'),
      gust: z
        .number()
        .nullable()
        .describe('The most media that came at once, in seconds: in 19 of 20 seconds of the last minute it was no more'),
      speed: z.number().nullable().describe('Seconds of media for each second on the wall, over the last minute: 1 is right'),
    })
    .describe('How evenly media arrives'),
  drift: z
    .strictObject({
      ppm: z.number().describe('How much faster than ours the clock of the source runs, in millionths; below 0, slower'),
      error: z.number().describe('By how much that may be wrong, in millionths (standard error)'),
      seconds: seconds('Over how long it is measured'),
    })
    .nullable()
    .describe('The source’s clock beside ours; null for the first two minutes'),
  jumps: z
    .strictObject({
      count: count('How many in the last ten minutes'),
      last: z.number().nullable().describe('How far the last one went, in seconds'),
    })
    .describe('Leaps of the source’s clock'),
  discontinuities: count('How often in the last ten minutes players had to begin anew: leaps, or other parameters'),
  damage: z
    .strictObject({ minute: count('In the last minute'), total: count('Since the source connected') })
    .describe('Bytes that were left out because they made no sense'),
  restarts: count('How often in the last hour a source has come again'),
  viewers: z
    .strictObject({
      reports: count('How many reports players have sent in the last five minutes'),
      stalling: count('How many of them tell of a stall'),
      stalls: count('Stalls that they tell of'),
      stalled: seconds('How long those lasted together'),
      delay: z.number().nullable().describe('How far behind the live edge players are, in seconds: the usual value'),
    })
    .describe('What players tell of themselves'),
})

/** What is wrong, or right, with a mount. */
export const finding = z.strictObject({
  id: z.string().describe('Which it is: a heading of docs/doctor.md'),
  severity: z
    .enum(['bad', 'warn', 'good'])
    .describe('bad: viewers notice it; warn: it costs quality, delay or viewers; good: as it should be'),
  sentence: z.string().describe('What was found, in one sentence'),
  advice: z.string().nullable().describe('What to change, in one sentence'),
  figure: z
    .strictObject({
      name: z.string().describe('What is measured'),
      value: z.number().describe('How much it is'),
      unit: z.string().describe('In which unit'),
    })
    .nullable()
    .describe('The figure on which the sentence rests'),
})

/** Who can play a mount. */
export const playing = z.strictObject({
  where: z.string().describe('A browser, or a kind of player'),
  verdict: z.enum(['yes', 'perhaps', 'partly', 'no']).describe('perhaps: not on every device; partly: the sound alone'),
  why: z.string().describe('By which forms, or why not, in one sentence'),
})

/** What the doctor says of a mount. */
export const diagnosis = z.strictObject({
  mount: z.string().describe('The mount, with its first slash'),
  findings: z.array(finding).readonly().describe('What there is to say, worst first; never empty'),
  measures: healthMeasures.nullable().describe('The figures; null while nothing is on the air'),
  playsIn: z.array(playing).readonly().describe('Who can play it as it is now'),
})

/** What is wrong, or right, with a mount. */
export type Finding = z.infer<typeof finding>
/** Who can play a mount. */
export type Playing = z.infer<typeof playing>
/** What the doctor says of a mount. */
export type Diagnosis = z.infer<typeof diagnosis>

/** The stream doctor. */
export const doctor = {
  getDoctor: operation({
    method: 'GET',
    path: '/mounts/{mount}/doctor',
    summary: 'Examines what a mount’s source sends',
    description:
      'Measured while media flows: key frames, bit rates, clocks, damage, codecs, and what players tell. Each finding says what to change.',
    access: 'viewer',
    answer: diagnosis,
  }),
}
