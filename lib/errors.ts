/**
 * Every way in which a peer or a caller can be refused: the code, the HTTP status that goes with it, and one sentence
 * that says what is wrong and what to do. Words in braces are filled in by {@link FloecastError}.
 *
 * Statuses are Icecast 2.4's where encoders look at them (`403 Mountpoint in use`), HTTP's own elsewhere.
 */
export const ERRORS = {
  BAD_REQUEST: [400, 'Cannot read the request: {reason}'],
  PROXY_HEADER: [
    400,
    'Cannot read the header of the PROXY protocol: {reason}; let the proxy send it, or switch the option proxyProtocol off',
  ],
  HEAD_TOO_LARGE: [431, 'Cannot read the request: its head is larger than {limit} bytes; send fewer or shorter headers'],
  HEAD_TIMEOUT: [408, 'Cannot wait longer for the request: its head was not complete after {seconds} s'],
  AUTHENTICATION_REQUIRED: [401, 'You need to authenticate'],
  WRONG_PASSWORD: [401, 'Cannot let {user} in: the user name or password is wrong'],
  LINK_REFUSED: [403, 'Cannot let you in: this wants a link or a token that is right and has not expired; ask for another one'],
  LISTENER_REFUSED: [401, 'Cannot let you in: {message}'],
  LISTENING_ALREADY: [403, 'Cannot let {user} in twice: somebody listens by that name already'],
  AUTHENTICATION_FAILED: [503, 'Cannot find out now who may come in; try again in a moment'],
  USER_REFUSED: [400, 'Cannot change who may listen: {reason}'],
  TOKEN_REFUSED: [401, 'Cannot take this token: it is wrong, has expired, or was revoked; make another one'],
  TOO_MANY_ATTEMPTS: [429, 'Too many wrong passwords from this address; wait {seconds} s and try again'],
  TOO_MANY_REQUESTS: [429, 'Too many requests from this address; wait {seconds} s and try again'],
  MOUNT_RESERVED: [403, 'Cannot publish to "{mount}": that path belongs to the server itself; choose another mount'],
  MOUNT_INVALID: [400, 'Cannot publish to "{mount}": a mount is a path such as /live, without "..", "//" or control characters'],
  MOUNT_IN_USE: [403, 'Mountpoint in use'],
  SOURCE_OFF: [403, 'Cannot publish to "{mount}": sources by {protocol} are switched off here; ask whoever runs the server'],
  MOUNT_NOT_FOUND: [404, 'The file you requested could not be found'],
  FILE_NOT_FOUND: [404, 'Cannot give "{file}": it is not there any more, or never was; load the playlist again'],
  FORM_OFF: [404, 'Cannot give {mount} as {form}: that is switched off here'],
  NOT_PLAYABLE: [404, 'Cannot give {mount} as {form}: no browser plays its codecs so; open the mount itself in VLC'],
  NO_REPLAY: [404, 'Cannot go back {seconds} s: {reason}'],
  NOT_YET: [503, 'What you wait for has not come; the source may have paused: try again'],
  TOO_MANY_SOURCES: [403, 'too many sources connected'],
  TOO_MANY_CLIENTS: [403, 'Icecast connection limit reached'],
  TOO_MANY_LISTENERS: [403, 'max listeners reached'],
  WEBHOOK_NOT_FOUND: [404, 'Cannot find a webhook "{id}"; it may have been removed already'],
  WEBHOOK_REFUSED: [400, 'Cannot add this webhook: {reason}'],
  TOO_MANY_WEBHOOKS: [409, 'Cannot add another webhook: there are {limit} already; remove one first'],
  TOO_MANY_PAGES: [503, 'Too many pages follow what happens here; load this one again in a while'],
  UNSUPPORTED_CODING: [501, 'Cannot read the body: the transfer coding "{coding}" is not supported; send it plain or chunked'],
  FOREIGN_SITE: [403, 'Cannot take this from the page of another site'],
  NOT_ALLOWED: [403, '{user} may not do this; ask an administrator'],
  PERSON_NOT_FOUND: [404, 'Cannot find anybody called "{name}"'],
  NAME_TAKEN: [409, 'Cannot add "{name}": somebody has that name already; choose another one'],
  TOKEN_NOT_FOUND: [404, 'Cannot find a token "{id}"; it may have been revoked already'],
  OPERATION_NOT_FOUND: [404, 'Cannot do {method} {path}: the API has no such operation'],
  STATE_NOT_KEPT: [500, 'Cannot keep this in the state folder: {reason}; nothing was changed'],
  SETTING_LOCKED: [409, 'Cannot change {path}: {by} sets it; change it there'],
  SETTING_REFUSED: [400, 'Cannot take these settings: {reason}'],
  SETTINGS_UNSAVED: [503, 'Cannot keep the change, so all stays as it was: {reason}'],
  NOTHING_TO_UNDO: [404, 'Cannot undo this any more: it is too long ago, or has been undone'],
  BANNED: [403, 'This address is not let in here; ask whoever runs the server'],
  AGENT_DENIED: [403, 'This player is not let in here; use another one, or ask whoever runs the server'],
  KICKED: [403, 'You have been sent away; try again later'],
  CANNOT_BAN: [409, 'Cannot ban "{address}": {reason}'],
  CANNOT_MOVE: [409, 'Cannot move listeners from {mount} to {to}: {reason}'],
  BAN_NOT_FOUND: [404, 'Cannot find a ban of "{address}"; it may have run out'],
  LISTENER_NOT_FOUND: [404, 'Cannot find the listener "{id}"; they may have gone'],
  RECORDING_NOT_FOUND: [404, 'Cannot find the recording "{name}"'],
  RECORDING_OPEN: [409, 'Cannot delete "{name}": it is still being written; end the source, or its option dump, first'],
  METHOD_NOT_ALLOWED: [405, 'Cannot use {method} here; use {allow}'],
  LOOP_DETECTED: [508, 'Cannot relay this: it has come from the server that asks for it; take the relay out of one of the two'],
  CONNECTION_USED: [400, 'Cannot take a source on a connection that has asked something else before; open a new one for it'],
  SOURCE_NOT_FOUND: [400, 'Source does not exist'],
  SERVER_CLOSING: [503, 'The server is shutting down; try again in a moment'],
  // What a client meets at a server. The statuses are those of a gateway that has to pass the news on.
  SERVER_UNREACHABLE: [502, 'Cannot {doing}: {reason}'],
  SERVER_SILENT: [504, 'Cannot {doing}: no answer within {seconds} s; is it a streaming server?'],
  ANSWER_UNREADABLE: [502, 'Cannot read the answer: {reason}'],
  PASSWORD_REFUSED: [401, 'Cannot {doing}: {reason}'],
  REQUEST_REFUSED: [403, 'Cannot {doing}: {reason}'],
  MOUNT_TAKEN: [409, 'Cannot {doing}: another source is on that mount; stop it, or choose another mount'],
  SERVER_BUSY: [503, 'Cannot {doing}: the server says "{said}"; try again later'],
  STREAM_NOT_FOUND: [404, 'Cannot {doing}: nothing is on the air at that address; check it, or try again when it is live'],
  TOO_MANY_REDIRECTS: [502, 'Cannot {doing}: the address only leads to others, the last of them {last}'],
  ITEM_UNREADABLE: [404, 'Cannot play "{source}": {reason}'],
  LIST_UNREADABLE: [404, 'Cannot play anything of the list: {reason}'],
  CONNECTION_LOST: [502, 'Cannot {doing} any longer: {reason}'],
  // What the streamer meets at ffmpeg.
  FFMPEG_MISSING: [500, 'Cannot find {program}{where}; install it ({line}), or say where it is'],
  FFMPEG_FAILED: [500, 'ffmpeg has failed: {reason}'],
  ENCODER_MISSING: [500, 'The encoder {encoder} is not in this ffmpeg; {instead}'],
  DEVICE_MISSING: [404, 'Cannot find the device {device}; {instead}'],
  MEDIA_UNREADABLE: [422, 'Cannot read {source}: {reason}'],
  OUTPUT_REFUSED: [400, 'Cannot send this: {reason}'],
  // What the local page of a streamer answers.
  DESK_LOCKED: [403, 'Cannot let you in: open the address that floecast-source shows in the terminal, with all of its token'],
  TARGET_INVALID: [400, 'Cannot send to "{server}": {reason}'],
  NOTHING_TO_STREAM: [409, 'Cannot connect: there is nothing to stream yet; add files, or switch the camera on'],
  ALREADY_STREAMING: [409, 'Cannot connect: a stream is running already; stop it first'],
  NOT_STREAMING: [409, 'Cannot do this before the stream has begun; connect first'],
  NO_ROOM: [507, 'Cannot take "{name}": it has {size}, and there is room for {free}; choose it from this computer instead'],
  FOLDER_UNREADABLE: [404, 'Cannot show {folder}: {reason}'],
} as const satisfies Record<string, readonly [status: number, sentence: string]>

/** A key of {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS

/** Thrown when a peer or caller is refused. It carries all that an answer needs. */
export class FloecastError extends Error {
  /** Stable, for programs. */
  readonly code: ErrorCode
  /** The HTTP status code of an answer that reports this error. */
  readonly status: number
  /** Seconds after which it makes sense to try again, where the sentence tells them. */
  readonly seconds: number | undefined

  /**
   * @param code which refusal this is
   * @param words the values of the words in braces in the sentence of {@link ERRORS}
   * @param options the `cause`, for a log: no answer tells it
   */
  constructor(code: ErrorCode, words: Readonly<Record<string, string | number>> = {}, options?: ErrorOptions) {
    const [status, sentence] = ERRORS[code]
    super(
      sentence.replace(/\{(\w+)\}/g, (_, word: string) => String(words[word] ?? `{${word}}`)),
      options,
    )
    this.name = 'FloecastError'
    this.code = code
    this.status = status
    const { seconds } = words
    this.seconds = typeof seconds === 'number' ? seconds : undefined
  }
}
