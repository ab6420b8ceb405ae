import type { PageStart } from '../../api/pages.js'

interface Start {
  readonly prefix: string
  /** Of the pages that show mounts. */
  readonly data: PageStart
}

const start: Start = JSON.parse(document.querySelector('#start')?.textContent ?? '{"prefix":""}')

/** The path below which the server is found, such as `/radio`; mostly empty. */
export const prefix: string = start.prefix

/** Scheme, host and prefix of the server, as this browser reaches it. */
export const origin: string = location.origin + prefix

/** What the page begins with. */
export const pageStart: PageStart = start.data

/** The path of a mount's page. */
export function pageOf(mount: string): string {
  return prefix + encodeMount(mount)
}

/** A mount's path as it stands in addresses. */
export function encodeMount(mount: string): string {
  return mount.split('/').map(encodeURIComponent).join('/')
}
