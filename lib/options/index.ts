export { accessOptions, type AccessSettings } from './access.js'
export { authenticationOptions, type AuthenticationSettings } from './authentication.js'
export { mountOptions, type MountOptions, type MountSettings } from './mount.js'
export {
  effectiveSettings,
  mountKey,
  mountSettings,
  protocolOptions,
  serverOptions,
  type ServerOptions,
  type ServerSettings,
} from './server.js'
export { parseDuration, password } from './values.js'
