/*
 * H.264 with AAC plays everywhere. Where there is no AAC, H.264 in Matroska comes block by block, while Chromium's MP4 holds each group of pictures back until
 * it is whole. Of the others VP9 goes into MP4, too, and so into HLS.
 */
const VIDEO = [
  'video/mp4;codecs=avc1.64002a,mp4a.40.2',
  'video/mp4;codecs=avc1.42e02a,mp4a.40.2',
  'video/mp4;codecs=avc1,mp4a.40.2',
  'video/x-matroska;codecs=avc1,opus',
  'video/webm;codecs=h264,opus',
  'video/webm;codecs=vp9,opus',
  'video/webm;codecs=vp8,opus',
  'video/mp4;codecs=avc1,opus',
  'video/mp4',
  'video/webm',
]
const SILENT = [
  'video/mp4;codecs=avc1.64002a',
  'video/x-matroska;codecs=avc1',
  'video/webm;codecs=h264',
  'video/webm;codecs=vp9',
  'video/webm;codecs=vp8',
  'video/mp4',
  'video/webm',
]
const AUDIO = [
  'audio/mp4;codecs=mp4a.40.2',
  'audio/webm;codecs=opus',
  'audio/mp4;codecs=opus',
  'audio/ogg;codecs=opus',
  'audio/mp4',
  'audio/webm',
]

/**
 * The best media type that a browser records and that most viewers can play.
 * @param takes says whether the browser records a type: `MediaRecorder.isTypeSupported`
 * @returns `undefined` where it records none of them
 */
export function recordingFormat(
  has: { readonly video: boolean; readonly audio: boolean },
  takes: (type: string) => boolean,
): string | undefined {
  return (has.video ? (has.audio ? VIDEO : SILENT) : AUDIO).find((type) => takes(type))
}
