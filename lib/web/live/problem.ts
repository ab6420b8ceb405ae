/** Something that whoever wants to go live has to know, in one sentence that says what to do. */
export class LiveProblem extends Error {
  override readonly name = 'LiveProblem'
}

/** Where a stream can come from. */
export type SourceKind = 'camera' | 'screen' | 'microphone' | 'file'

const WHAT: Readonly<Record<SourceKind, string>> = {
  camera: 'the camera',
  screen: 'the screen',
  microphone: 'the microphone',
  file: 'the file',
}

/** Says why a camera, a screen, a microphone or a file cannot be had. */
export function captureProblem(kind: SourceKind, error: unknown): LiveProblem {
  if (error instanceof LiveProblem) return error
  const name = error instanceof Error ? error.name : ''
  if (name === 'NotAllowedError' && kind === 'screen')
    return new LiveProblem('No screen was chosen, so nothing is sent; choose one to go on.')
  if (name === 'NotAllowedError' || name === 'SecurityError')
    return new LiveProblem(`You have not allowed this page to use ${WHAT[kind]}; allow it beside the address of the page, and try again.`)
  if (name === 'NotFoundError' || name === 'OverconstrainedError')
    return new LiveProblem(`There is no such ${kind} here; plug it in, or choose another one.`)
  if (name === 'NotReadableError' || name === 'AbortError')
    return new LiveProblem(`Another program uses ${WHAT[kind]}, or it has failed; close that program, and try again.`)
  return new LiveProblem(
    `Cannot use ${WHAT[kind]}${error instanceof Error && error.message !== '' ? ` (${error.message})` : ''}; try another one.`,
  )
}
