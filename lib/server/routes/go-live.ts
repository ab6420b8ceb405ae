import { escapeMarkup as escape } from './markup.js'

/**
 * Says how to go on the air at this very address, in the words of OBS and ffmpeg. The password stands there as PASSWORD: it is
 * never shown.
 * @param origin scheme, host and prefix of the server, as its visitor reaches it
 */
export function goLive(origin: string): string {
  const secured = origin.startsWith('https:')
  const place = origin.replace(/^\w+:\/\//, '')
  const target = (mount: string): string => `${escape('icecast://source:')}<mark>PASSWORD</mark>${escape(`@${place}${mount}`)}`
  const tls = secured ? ['-tls 1'] : []
  return `<div class="ways">
<section class="way"><h3>OBS Studio</h3>
<p class="small">Settings → Output → Output Mode: Advanced → Recording. Then press Start Recording.</p>
<dl>
<dt>Type</dt><dd>Custom Output (FFmpeg)</dd>
<dt>FFmpeg Output Type</dt><dd>Output to URL</dd>
<dt>File path or URL</dt><dd><code>${target('/live')}</code></dd>
<dt>Container Format</dt><dd><code>mpegts</code></dd>
<dt>Muxer Settings</dt><dd><code>content_type=video/mp2t${secured ? ' tls=1' : ''}</code></dd>
<dt>Keyframe interval</dt><dd>2 seconds: 60 frames at 30 fps</dd>
<dt>Video Encoder</dt><dd><code>libx264</code></dd>
<dt>Audio Encoder</dt><dd><code>aac</code></dd>
</dl></section>
<section class="way"><h3>ffmpeg</h3>
<p class="small">Video, for every browser, phone and player:</p>
<pre><code>${command('ffmpeg', '-re', '-i video.mp4', '-c:v libx264', '-pix_fmt yuv420p', '-g 50', '-c:a aac', ...tls, '-content_type video/mp2t', '-f mpegts')} ${target('/live')}</code></pre>
<p class="small">Music, for every browser and radio:</p>
<pre><code>${command('ffmpeg', '-re', '-i music.flac', '-vn', '-c:a libmp3lame', '-b:a 128k', ...tls, '-content_type audio/mpeg', '-f mp3')} ${target('/radio.mp3')}</code></pre>
<p class="small">Then load this page again. Phones, televisions and other sites play <code>${escape(origin)}/live.m3u8</code>, and VLC plays <code>${escape(origin)}/live</code>.</p>
</section>
</div>`
}

// An option and its value stay on one line.
const command = (...parts: string[]): string => parts.map((part) => `<span class="part">${escape(part)}</span>`).join(' ')
