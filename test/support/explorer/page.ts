/** What tests of the explorer's page do with it: open it, wait, and watch that nothing is wrong in it. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { eventually } from '../waiting.js'

export interface Opened {
  page: Page
  /** Errors of scripts and of the policy, and requests to anywhere but the node. A refusal by the node is not one. */
  faults: string[]
}

export async function openPage (browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', error => faults.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(message.text())) faults.push(message.text())
  })
  page.on('request', request => { if (new URL(request.url()).origin !== new URL(url).origin) faults.push(`asked ${request.url()}`) })
  await page.goto(url)
  return { page, faults }
}

/** Goes to a place of the page, as its links do. */
export async function goTo (page: Page, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
}

/** How many pixels can be scrolled sideways. */
export async function sidewaysPixels (page: Page): Promise<number> {
  return await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
}

/** Waits until an expression holds in the page. The policy of the page keeps it from waiting for itself. */
export async function inPage (page: Page, expression: string): Promise<void> {
  await eventually(expression, async () => await page.evaluate<boolean>(expression))
}
