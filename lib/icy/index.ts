export { basicCredentials, formatBasic, parseBasic, type Credentials } from './basic.js'
export { ChunkedDecoder } from './chunked.js'
export { IcyDecoder } from './decoder.js'
export { IcyEncoder } from './encoder.js'
export {
  formatHead,
  HeadReader,
  MAX_HEADERS,
  parseHead,
  type Head,
  type ParsedHead,
  type RequestHead,
  type ShoutcastHead,
  type TlsHead,
  type XaudiocastHead,
} from './head.js'
export { Headers, parseHeaders } from './headers.js'
export { parseLogin, type Login } from './login.js'
export { createMetadata, formatMetadata, metadataFromQuery, NO_METADATA, parseMetadata, type Metadata } from './metadata.js'
export { isMountPath, mountPath, parseQuery, rawQuery, readQuery } from './path.js'
export { ResponseReader, type Answer, type LoginAnswer, type ResponseHead } from './response.js'
export { formatStreamHeaders, streamHeaders, streamInfo, type StreamInfo } from './stream-info.js'
export { cleanText, decodeText, MAX_TEXT_LENGTH, percentDecode } from './text.js'
