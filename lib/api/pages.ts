import type { StatusReport } from './status.js'

/** What a page that shows mounts begins with: the server writes it into the page, so that its script need not ask. */
export interface PageStart {
  /** All that everybody may know; on the page of one mount, that mount alone, hidden or not, or none where nothing is known of it. */
  readonly report: StatusReport
  /** The mount that the page is of; `null` on the status page. */
  readonly mount: string | null
  /** Whether that mount stands in no report. */
  readonly hidden: boolean
}
