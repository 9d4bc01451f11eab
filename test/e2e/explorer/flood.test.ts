/**
 * At 10,000 packets a second on the node the page stays with it: what arrives is on the screen soon, the page answers the reader, and what
 * it keeps does not grow.
 */
import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../../support/explorer/browser.js'
import { goTo, openPage, inPage } from '../../support/explorer/page.js'
import { StandIn } from '../../support/explorer/stand-in.js'
import { WATCH, watchedIn } from '../../support/explorer/watch.js'

/** As a reader would call it late. Measured lags are a tenth of that on an idle machine. */
const LATE_MS = 3000
const WATCHED_MS = 2500

describe('the page of a flooded node', () => {
  const node = new StandIn({ rate: 10_000, told: 200 })
  let browser: Browser

  before(async () => {
    await node.start()
    browser = await launchBrowser()
  })
  after(async () => {
    await browser.close()
    await node.stop()
  })

  it('shows what arrives, answers the reader, and keeps no more than its ring', async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 } })
    await context.addInitScript({ content: WATCH })
    const page = await context.newPage()
    await page.goto(`${node.url}#/packets`)
    await page.waitForSelector('a[data-packet]')
    await page.waitForTimeout(WATCHED_MS)
    const { lags, longest } = await watchedIn(page)
    expect(lags.length, 'times that new packets came on the screen').to.be.greaterThan(5)
    expect(Math.max(...lags), `ms until a packet was on the screen, the longest task took ${longest}`).to.be.lessThan(LATE_MS)
    expect(await page.locator('.virtual .rows .row').count(), 'rows that are drawn').to.be.lessThan(60)
    await page.waitForSelector('text=/older ones are in the history/')
    await page.waitForSelector('text=/counted, not listed/')

    await page.getByRole('button', { name: 'Paid', exact: true }).click()
    await inPage(page, `![...document.querySelectorAll('.virtual .rows .c-outcome')].some(cell => cell.textContent.includes('Paid'))`)
    await goTo(page, '#/overview')
    await inPage(page, `Number(document.querySelector('.tile b')?.textContent.replaceAll(',', '')) > 5000`)
    await context.close()
  })

  it('keeps its place when the reader scrolls, and jumps back to the newest', async () => {
    const { page, faults } = await openPage(browser, `${node.url}#/packets`)
    await inPage(page, `document.querySelectorAll('.virtual .rows .row').length > 20`)
    await page.waitForTimeout(500)
    await page.evaluate(`document.querySelector('.virtual .rows').scrollTop = 340`)
    await page.waitForSelector('.jump')
    const before = await page.locator('a[data-packet]').first().getAttribute('data-packet')
    await page.waitForTimeout(600)
    expect(await page.locator('a[data-packet]').first().getAttribute('data-packet')).to.equal(before)
    await page.locator('.jump').click()
    await inPage(page, `document.querySelector('a[data-packet]').dataset.packet !== '${before ?? ''}'`)
    expect(faults).to.deep.equal([])
    await page.context().close()
  })
})
