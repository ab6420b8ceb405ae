import type { Router } from '@koa/router'
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { Mount } from '../../mount/mount.js'
import type { Source } from '../../mount/source.js'
import { audienceOf } from '../audience.js'
import type { ServerContext } from '../context.js'
import { Growth } from '../growth.js'

/**
 * Adds `/metrics` for Prometheus. Values are read when they are asked for: nothing is counted a second time while media flows.
 * Hidden mounts are summed up under the label `hidden`.
 */
export function metricsRoutes(router: Router, context: ServerContext): void {
  // Made at the first question, for the default metrics watch the event loop from then on.
  let metrics: Metrics | undefined
  router.get('/metrics', async (ctx) => {
    metrics ??= createMetrics(context)
    metrics.update()
    ctx.set('Cache-Control', 'no-cache, no-store')
    ctx.set('Content-Type', metrics.registry.contentType)
    ctx.body = await metrics.registry.metrics()
  })
}

interface Metrics {
  readonly registry: Registry
  /** Reads all values. */
  update(): void
}

function createMetrics(context: ServerContext): Metrics {
  const { mounts, started } = context
  const registry = new Registry()
  const registers = [registry]
  const labelNames = ['mount'] as const
  collectDefaultMetrics({ register: registry })
  new Gauge({ name: 'floecast_start_time_seconds', help: 'When the server was started, in seconds since 1970', registers }).set(
    started / 1000,
  )
  const count = new Gauge({ name: 'floecast_mounts', help: 'Mounts, live or not', registers })
  const sources = new Gauge({ name: 'floecast_sources', help: 'Sources connected', registers })
  const listeners = new Gauge({
    name: 'floecast_listeners',
    help: 'Who listens to or watches a mount, by protocol: progressive, instant, hls, ll-hls, dash',
    labelNames: ['mount', 'protocol'] as const,
    registers,
  })
  const counted = new Gauge({
    name: 'floecast_counted_listeners',
    help: 'The same, by what they are told apart: connection, id, address',
    labelNames: ['mount', 'method'] as const,
    registers,
  })
  const rate = new Gauge({ name: 'floecast_source_bytes_per_second', help: 'Bytes a second that come in of late', labelNames, registers })
  const sent = new Counter({ name: 'floecast_sent_bytes_total', help: 'Bytes sent to listeners and viewers', labelNames, registers })
  const slow = new Counter({ name: 'floecast_slow_listeners_total', help: 'Listeners dropped because they fell behind', registers })
  const received = new Counter({ name: 'floecast_received_bytes_total', help: 'Bytes received from sources', registers })
  const skipped = new Counter({ name: 'floecast_skipped_bytes_total', help: 'Damaged bytes of sources that were left out', registers })

  // A counter may only grow, though mounts and sources come and go: so what each has added since the last look is summed up.
  const [sentBytes, slowListeners] = [new Growth<Mount>(), new Growth<Mount>()]
  const [receivedBytes, skippedBytes] = [new Growth<Source>(), new Growth<Source>()]
  let before = new Set<string>()
  const update = (): void => {
    listeners.reset()
    counted.reset()
    rate.reset()
    sources.set(mounts.sources)
    const seen = new Set<string>()
    let number = 0
    for (const mount of mounts) {
      number++
      const { source, settings, name } = mount
      const label = { mount: settings.hidden ? 'hidden' : name }
      seen.add(label.mount)
      const { protocols, methods } = audienceOf(context, mount)
      for (const [protocol, many] of Object.entries(protocols)) listeners.inc({ ...label, protocol }, many)
      for (const [method, many] of Object.entries(methods)) counted.inc({ ...label, method }, many)
      rate.inc(label, source === undefined ? 0 : Math.round(mount.rate))
      sent.inc(label, sentBytes.see(mount, mount.bytesSent))
      slow.inc(slowListeners.see(mount, mount.slow))
      if (source === undefined) continue
      received.inc(receivedBytes.see(source, source.bytesReceived))
      skipped.inc(skippedBytes.see(source, source.demuxer.skipped))
    }
    count.set(number)
    // Mounts that are gone take their labels with them, so that the number of labels stays bounded.
    for (const mount of before) if (!seen.has(mount)) sent.remove({ mount })
    before = seen
  }
  return { registry, update }
}
