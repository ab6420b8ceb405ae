export type * from './manifest.js'
export { formatMpd } from './mpd.js'
export { manifestOf } from './views.js'
