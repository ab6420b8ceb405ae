/** What the server has written into a page for its script to begin with. */
export interface Start {
  /** The path below which the server is found, such as `/radio`; mostly empty. */
  readonly prefix: string
  /** Whether the browser has brought a session, valid or not. */
  readonly signedIn: boolean
}

/** Reads what the server has written into the page. */
export function readStart(): Start {
  const { prefix, data }: { prefix?: string; data?: { signedIn?: boolean } } = JSON.parse(
    document.querySelector('#start')?.textContent ?? '{}',
  )
  return { prefix: prefix ?? '', signedIn: data?.signedIn ?? true }
}
