/** Why nothing can be sent by this browser at all, whatever one chooses; `undefined` where it can. */
export function hindrance(): string | undefined {
  if (!isSecureContext)
    return 'Browsers give cameras and microphones to pages by HTTPS or on localhost alone: open this page by https://, or on the machine that the server runs on.'
  if (typeof MediaRecorder === 'undefined') return 'This browser cannot record; use a current Chrome, Edge, Firefox or Safari.'
  if (!('mediaDevices' in navigator))
    return 'This browser gives no camera or microphone to pages; use a current Chrome, Edge, Firefox or Safari.'
  return undefined
}
