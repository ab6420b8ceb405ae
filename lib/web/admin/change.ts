import { openDialog, sentences } from './parts/dialog.js'
import { refreshAll } from './parts/resource.js'
import { tell, tellProblem } from './parts/toast.js'
import { api, session } from './session.js'

/** What a change of settings answers, done or only tried. */
export interface ChangeAnswer {
  /** What it does, in sentences. */
  readonly effects: readonly string[]
  /** By which it can be undone. */
  readonly undo?: string | null
}

/** A change of settings. */
export interface Change {
  /** What is asked, such as `Switch HLS off?` */
  readonly question: string
  /** Word on the button. */
  readonly submit: string
  /** Whether somebody may lose something by it. */
  readonly danger?: boolean
  /** What is told when it is done. */
  readonly done: string
  /** Does it, or with `dryRun` tells what it would do. */
  readonly apply: (query: { readonly dryRun?: 'true' }) => Promise<ChangeAnswer>
}

async function takeBack(id: string): Promise<void> {
  await api.call('undoChange', { params: { id } })
  refreshAll()
}

/** Shows what a change will do, makes it, and offers for ten seconds to undo it. @returns whether it was made; @throws CallError when it cannot be */
export async function makeChange({ question, submit, danger = false, done, apply }: Change): Promise<boolean> {
  const { effects } = await apply({ dryRun: 'true' })
  if (effects.length > 0 && !(await openDialog({ heading: question, submit, danger, body: () => sentences(effects), onSubmit: () => {} })))
    return false
  const { undo } = await apply({})
  // Only administrators may take a change back.
  tell({ words: done, undo: typeof undo === 'string' && session.isAdmin ? () => takeBack(undo) : undefined })
  refreshAll()
  return true
}

/** The same, where nobody waits for what comes of it: problems appear as toasts. */
export function tryChange(change: Change): void {
  makeChange(change).catch(tellProblem)
}

/** Does something that cannot be undone here, tells of it, and lets all that is shown be asked for again. Problems appear as toasts. */
export async function act(does: () => Promise<unknown>, done: string): Promise<void> {
  try {
    await does()
    tell({ words: done })
  } catch (problem) {
    tellProblem(problem)
  }
  refreshAll()
}
