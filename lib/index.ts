export { FloecastError, ERRORS, type ErrorCode } from './errors.js'
export { silent, type Logger } from './log.js'
export { mountOptions, serverOptions, type MountOptions, type MountSettings, type ServerOptions, type ServerSettings } from './options.js'
