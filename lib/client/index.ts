export type { ConnectOptions } from './exchange.js'
export { ListenerClient, type ListenerClientOptions, type StreamResponse } from './listener-client.js'
export { loopMp4, type LoopOptions } from './loop.js'
export { SourceClient, type MetadataFields, type SourceClientOptions, type SourceProtocol } from './source-client.js'
