import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly target: readonly (string | readonly string[])[] }[]
}

/**
 * What axe-core calls serious on a page. The policy of the page lets no script in but through the debugger.
 * @param rules what else to tell it, such as `, runOnly: ['color-contrast']`
 */
export async function faultsOf(page: Page, rules = ''): Promise<string[]> {
  await page.evaluate(readFileSync('node_modules/axe-core/axe.min.js', 'utf8'))
  const { violations }: { violations: readonly Violation[] } = await page.evaluate(`axe.run({ resultTypes: ['violations'] ${rules} })`)
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.flat().join(' ')).join(', ')}`)
}
