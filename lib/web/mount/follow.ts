import type { PageStart } from '../../api/pages.js'
import { type Ask, LiveStatus, type LiveStatusOwner } from '../parts/live-status.js'
import { encodeMount, pageStart, prefix } from '../parts/start.js'

/** The mount that the page is of. */
export const mountName: string = pageStart.mount ?? ''

/** Follows the mount of the page. */
export function followMount(owner: LiveStatusOwner): LiveStatus {
  const live = new LiveStatus(prefix, pageStart.report, owner, mountName, pageStart.hidden ? askPage : undefined)
  live.start()
  return live
}

// A hidden mount stands in no report: what is known of it only its own pages say, to those who know its name and may listen.
const askPage: Ask = async (signal) => {
  const response = await fetch(`${prefix}/embed${encodeMount(mountName)}${location.search}`, { signal, cache: 'no-store' })
  if (!response.ok) throw new Error(response.statusText)
  const page = new DOMParser().parseFromString(await response.text(), 'text/html')
  const { data }: { data: PageStart } = JSON.parse(page.querySelector('#start')?.textContent ?? '')
  return data.report
}
