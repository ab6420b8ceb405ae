import type { OperationId, Operations } from '../api/index.js'

type Routes = { readonly [Id in OperationId]?: readonly [method: Operations[Id]['method'], path: Operations[Id]['path']] }

/**
 * Where the operations are that pages call. The table in lib/api says so, too, but its schemas would bring a large library into every page: so the
 * compiler compares the two.
 */
export const ROUTES = {
  getSession: ['GET', '/session'],
  signIn: ['POST', '/session'],
  signOut: ['DELETE', '/session'],
  changeOwnPassword: ['PUT', '/session/password'],
  listPeople: ['GET', '/people'],
  addPerson: ['POST', '/people'],
  changePerson: ['PATCH', '/people/{name}'],
  removePerson: ['DELETE', '/people/{name}'],
  listTokens: ['GET', '/tokens'],
  makeToken: ['POST', '/tokens'],
  revokeToken: ['DELETE', '/tokens/{id}'],
  getPasswords: ['GET', '/passwords'],
  changePassword: ['PUT', '/passwords/{whose}'],
  getAudit: ['GET', '/audit'],
  getSettings: ['GET', '/settings'],
  changeSettings: ['PATCH', '/settings'],
  undoChange: ['POST', '/settings/undo/{id}'],
  listMountSettings: ['GET', '/mounts'],
  getMount: ['GET', '/mounts/{mount}'],
  changeMount: ['PUT', '/mounts/{mount}'],
  removeMount: ['DELETE', '/mounts/{mount}'],
  listSources: ['GET', '/sources'],
  kickSource: ['DELETE', '/mounts/{mount}/source'],
  setTitle: ['PUT', '/mounts/{mount}/title'],
  listListeners: ['GET', '/listeners'],
  kickListener: ['DELETE', '/listeners/{id}'],
  moveListeners: ['POST', '/mounts/{mount}/move'],
  makeLink: ['POST', '/mounts/{mount}/links'],
  listBans: ['GET', '/bans'],
  ban: ['POST', '/bans'],
  unban: ['DELETE', '/bans/{address}'],
  listRecordings: ['GET', '/recordings'],
  getRecording: ['GET', '/recordings/{name}'],
  removeRecording: ['DELETE', '/recordings/{name}'],
  getOverview: ['GET', '/overview'],
  getLog: ['GET', '/log'],
  getDoctor: ['GET', '/mounts/{mount}/doctor'],
  listWebhooks: ['GET', '/webhooks'],
  addWebhook: ['POST', '/webhooks'],
  removeWebhook: ['DELETE', '/webhooks/{id}'],
  testWebhook: ['POST', '/webhooks/{id}/test'],
} as const satisfies Routes
