export { FloecastError, ERRORS, type ErrorCode } from './errors.js'
export { silent, type Logger } from './log.js'
export { type Clock, systemClock } from './clock.js'
export {
  mountOptions,
  serverOptions,
  type MountOptions,
  type MountSettings,
  type ServerOptions,
  type ServerSettings,
} from './options/index.js'
export { type Credentials } from './icy/basic.js'
export { createMetadata, type Metadata } from './icy/metadata.js'
export { type StreamInfo } from './icy/stream-info.js'
export { Listener, type ListenerDetails, type RequestLine, type StreamAnswer } from './mount/listener.js'
export type { RecordingOwner, RecordingState } from './mount/dump.js'
export { Replay } from './mount/replay.js'
export { Broadcast, type BroadcastOwner } from './mount/broadcast.js'
export { type Form, type InstantOwner, InstantStream } from './mount/instant.js'
export { Mount, type MountEvents, type MountOwner, type PastMetadata } from './mount/mount.js'
export { type Found, Mounts } from './mount/mounts.js'
export { Outlet } from './mount/outlet.js'
export { Source, type SourceDetails, type SourceProtocol } from './mount/source.js'
export { type AccessEntry, formatAccess, formatPlayed } from './server/access-log.js'
export type { Audience, CountingMethod, ListeningProtocol } from './server/audience.js'
export { type Attempt, type Auth, basic, type BasicOptions, hashPassword, verifyPassword } from './server/auth.js'
export { type LockedSetting, type OwnSettings, type SettingsChange, type SettingsKeeper } from './server/settings-keeper.js'
export type { CertificateFiles } from './server/certificate.js'
export type { Role, ServerContext } from './server/context.js'
export { createServer, Server } from './server/server.js'
export type { CreateServerOptions, ListenOptions, ServerEvents } from './server/server-options.js'
export type { HttpApp } from './server/http.js'
export type { PortOptions, Ports } from './server/sockets.js'
export { Media } from './server/media.js'
export type { MediaContext, MediaRequest } from './server/media-request.js'
export type { MediaTarget } from './server/media-target.js'
export type { MediaAnswer, Reply } from './server/reply.js'
export type {
  FormStatus,
  InstantForm,
  MountForms,
  MountStatus,
  PastTitle,
  PlaylistLinks,
  SegmentedForm,
  ServerStatus,
  SourceStatus,
  StatusReport,
  TitleStatus,
  TrackStatus,
} from './api/status.js'
export { parseCmcd, type ViewerIds } from './server/viewer-ids.js'
export { type ViewerLimits, Viewers } from './server/viewers.js'
export type { Sighting, Viewer, ViewerCount, ViewingMethod, ViewingProtocol, Whose } from './server/viewership.js'
export { VERSION } from './version.js'
