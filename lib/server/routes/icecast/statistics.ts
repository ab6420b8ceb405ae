import { type XmlOutput, xmlText } from '../../../icy/xml.js'
import type { Mount } from '../../../mount/mount.js'
import { audienceOf } from '../../audience.js'
import type { ReportContext } from '../status-report.js'
import { type Fields, serverFields, sorted, sourceFields } from './icestats.js'

/** What statistics are made of. */
export interface StatisticsContext extends ReportContext {
  /** Connections of all kinds that are open. */
  readonly connections: number
}

/** What has come to a server since it was started, as Icecast counts it. */
export interface Totals {
  /** Connections of all kinds. */
  connections: number
  /** Requests that have been answered, those of sources and listeners included. */
  requests: number
  /** Sources. */
  sources: number
  /** Listeners with a connection of their own. */
  listeners: number
  /** Readers of the stream of statistics. */
  readers: number
}

/**
 * What Icecast tells administrators of the server. Those who watch without a connection of their own count as listeners.
 * @param readers how many read the stream of statistics now
 */
export function serverStatistics(context: StatisticsContext, totals: Totals, readers: number): Fields {
  const live = liveMounts(context)
  return sorted({
    ...serverFields(context),
    client_connections: totals.requests,
    clients: context.connections,
    connections: totals.connections,
    listener_connections: totals.listeners,
    listeners: live.reduce((sum, mount) => sum + audienceOf(context, mount).total, 0),
    source_client_connections: totals.sources,
    source_relay_connections: 0,
    source_total_connections: totals.sources,
    sources: live.length,
    stats: readers,
    stats_connections: totals.readers,
  })
}

/** What Icecast tells administrators of a mount that is live: besides what everybody may know, where its source is and how much went through. */
export function mountStatistics(context: ReportContext, mount: Mount, origin: string): Fields {
  const { source, info, settings, slow, bytesSent } = mount
  return sorted({
    ...sourceFields(context, mount, origin),
    max_listeners: settings.maxListeners ?? 'unlimited',
    public: info.public === true ? 1 : 0,
    slow_listeners: slow,
    source_ip: source?.details.address,
    total_bytes_read: source?.bytesReceived,
    total_bytes_sent: bytesSent,
    user_agent: source?.details.agent || undefined,
  })
}

/** The mounts that are live, hidden ones included, by name. */
export const liveMounts = ({ mounts }: Pick<ReportContext, 'mounts'>): Mount[] =>
  [...mounts].filter(({ source }) => source !== undefined).toSorted((a, b) => (a.name < b.name ? -1 : 1))

/** Fields as elements. */
export const fieldElements = (fields: Fields): XmlOutput[] => Object.entries(fields).map(([name, value]) => xmlText(name, value))

/** A mount as an element `source`. */
export const sourceElement = (mount: Mount, children: readonly XmlOutput[]): XmlOutput => ({
  name: 'source',
  attributes: { mount: mount.name },
  children,
})
