/** What one check has found. */
export interface Finding {
  /** What was looked at. */
  readonly check: 'node' | 'clock' | 'configuration' | 'files' | 'port' | 'certificate' | 'state' | 'media'
  /** Whether all is well, something should be looked at, or floecast cannot do its work. */
  readonly state: 'good' | 'warning' | 'bad'
  /** What is so, in a sentence without its full stop. */
  readonly message: string
  /** What to do, where there is anything. */
  readonly advice?: string
}
