import { styleText } from 'node:util'
import { inUrl, isEverywhere, nearHost } from './address.js'
import type { Passwords } from './state.js'

/** What the first lines on a terminal tell. */
export interface Welcome {
  /** Of floecast. */
  readonly version: string
  /** The port that is open. */
  readonly port: number
  /** The address it is bound to; undefined for all. */
  readonly host: string | undefined
  /** Address of this machine in its network, when others can reach it there. */
  readonly network: string | undefined
  /** Name in the certificate, when there is one. */
  readonly secure: string | undefined
  /** Those in force. */
  readonly passwords: Pick<Passwords, 'made' | 'kept'>
  /** Whether the demo is published. */
  readonly demo?: boolean
  /** Whether to use colours. */
  readonly coloured: boolean
}

const RENEW = 'For new ones: floecast --new-passwords, or your own in the configuration or the environment.'

/** What to tell about passwords; undefined when they come from the configuration. */
export function passwordNote({ made, kept }: Welcome['passwords']): string | undefined {
  const count = Object.keys(made).length
  if (count > 0) return `${count === 1 ? 'This password is' : 'These passwords are'} shown once. ${RENEW}`
  if (kept.length === 0) return undefined
  const which = kept.length === 2 ? 'The passwords are those' : `The ${kept[0]} password is the one`
  return `${which} shown at the first start. ${RENEW}`
}

/** The first minute: addresses that work, and lines to copy. Plain text when `coloured` is false. */
export function formatBanner(welcome: Welcome): string {
  const { version, port, host, network, secure, passwords, demo = false, coloured } = welcome
  type Style = Parameters<typeof styleText>[0]
  const style = (format: Style, text: string): string =>
    coloured && text !== '' ? styleText(format, text, { validateStream: false }) : text
  const link = (text: string): string => style('cyan', text)
  const at = `${nearHost(host)}:${port}`
  const strong = (text: string): string => style('bold', text)
  const { source, admin } = passwords.made
  const mount = `source:${source === undefined ? 'PASSWORD' : strong(source)}@${at}/live`
  const publish = `icecast://${mount}`
  const encode = '-c:v libx264 -pix_fmt yuv420p -g 50 -c:a aac -content_type video/mp2t -f mpegts'
  const soft = (text: string): string => style('dim', text)
  const more = [
    ...(network !== undefined && isEverywhere(host) ? [`${soft('on your network:')} ${link(`http://${network}:${port}`)}`] : []),
    ...(secure === undefined ? [] : [`${soft('encrypted:')} ${link(`https://${inUrl(secure)}:${port}`)}`]),
  ]
  const row = (head: string, label: string, text: string): string => `  ${style('bold', head.padEnd(10))}${soft(label.padEnd(10))}${text}`
  const note = passwordNote(passwords)
  return [
    '',
    `  ${style(['bold', 'cyan'], '≋')} ${style('bold', 'floecast')} ${soft(version)}   ${[link(`http://${at}`), ...more].join('   ')}`,
    '',
    ...(demo
      ? [
          row('Demo', 'browser', `${link(`http://${at}/`)}   ${soft('plays in every browser')}`),
          row('', 'HLS', `${link(`http://${at}/demo.m3u8`)}   ${soft('phones, televisions, players of other sites')}`),
          row('', 'DASH', link(`http://${at}/demo.mpd`)),
          row('', 'VLC', `vlc http://${at}/demo`),
        ]
      : []),
    row('Go live', 'OBS', 'Settings → Output → Advanced → Recording → Custom Output (FFmpeg), Output to URL'),
    row('', '', publish),
    row('', '', soft('container mpegts · muxer settings content_type=video/mp2t · libx264 and aac · a keyframe every 2 s')),
    row('', 'ffmpeg', `ffmpeg -re -i video.mp4 ${encode} ${publish}`),
    row('', 'easy', `npx floecast-source video.mp4 --to http://${mount}`),
    row('Watch', 'browser', link(`http://${at}/`)),
    row('', 'HLS', `${link(`http://${at}/live.m3u8`)}   ${soft('DASH')} ${link(`http://${at}/live.mpd`)}`),
    row('', 'instant', `${link(`http://${at}/live.mp4`)}   ${soft('one endless stream, nearest to live')}`),
    row('', 'VLC', `vlc http://${at}/live`),
    row(
      'Admin',
      'browser',
      `${link(`http://${at}/admin/`)}   ${admin === undefined ? soft('sign in as admin') : `admin / ${strong(admin)}`}`,
    ),
    ...(note === undefined ? [] : ['', `  ${note}`]),
    '',
    '',
  ].join('\n')
}
