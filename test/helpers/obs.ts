import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { desktop } from './desktop.js'
import { type Program, start } from './programs.js'
import type { Target } from './source-programs.js'

/** OBS with its custom ffmpeg output, which begins as soon as it has started. */
export async function obs(t: Test, { host, port, login }: Target, path: string): Promise<Program> {
  const env = await desktop(t)
  const folder = join(env['XDG_CONFIG_HOME'] ?? '', 'obs-studio')
  mkdirSync(join(folder, 'basic/scenes'), { recursive: true })
  mkdirSync(join(folder, 'basic/profiles/Lab'), { recursive: true })
  writeFileSync(
    join(folder, 'global.ini'),
    '[General]\nFirstRun=true\n[Basic]\nProfile=Lab\nProfileDir=Lab\nSceneCollection=Lab\nSceneCollectionFile=Lab\n',
  )
  const colour = { id: 'color_source_v3', versioned_id: 'color_source_v3', name: 'Colour', settings: { width: 320, height: 180 } }
  const scene = { id: 'scene', name: 'Scene', settings: { items: [{ name: 'Colour', id: 1, visible: true }] } }
  const scenes = { current_scene: 'Scene', current_program_scene: 'Scene', scene_order: [{ name: 'Scene' }], sources: [colour, scene] }
  writeFileSync(join(folder, 'basic/scenes/Lab.json'), JSON.stringify({ name: 'Lab', ...scenes }))
  writeFileSync(
    join(folder, 'basic/profiles/Lab/basic.ini'),
    `[General]
Name=Lab
[Output]
Mode=Advanced
[AdvOut]
RecType=FFmpeg
RecTracks=1
FFOutputToFile=false
FFURL=icecast://${login}@${host}:${port}${path}
FFFormat=webm
FFFormatMimeType=video/webm
FFExtension=webm
FFIgnoreCompat=true
FFVBitrate=250
FFVGOPSize=20
FFVEncoderId=139
FFVEncoder=libvpx
FFVCustom=deadline=realtime cpu-used=8
FFABitrate=64
FFAudioMixes=1
FFAEncoderId=86021
FFAEncoder=libvorbis
[Video]
BaseCX=320
BaseCY=180
OutputCX=320
OutputCY=180
FPSType=0
FPSCommon=10
[Audio]
SampleRate=48000
ChannelSetup=Stereo
`,
  )
  return start(t, 'obs', '--multi --minimize-to-tray --startrecording --collection Lab --profile Lab --disable-updater'.split(' '), {
    env: { ...env, QT_QPA_PLATFORM: 'xcb', LIBGL_ALWAYS_SOFTWARE: '1' },
  })
}
