/** The page is for everybody: no serious violation of WCAG on any page, in light and dark, and nothing to scroll sideways on a phone. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect } from 'chai'
import type { AxeResults } from 'axe-core'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../../support/explorer/browser.js'
import { goTo, openPage, sidewaysPixels } from '../../support/explorer/page.js'
import { StandIn } from '../../support/explorer/stand-in.js'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PLACES = ['#/overview', '#/packets?mode=history', '#/peers', '#/peers/bob', '#/routes?destination=g.dave.shop', '#/settlement', '#/rates', '#/config']

describe('the explorer\'s page for everybody', () => {
  const node = new StandIn({ rate: 20 })
  let browser: Browser

  before(async () => {
    await node.start()
    browser = await launchBrowser()
  })
  after(async () => {
    await browser.close()
    await node.stop()
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has no serious fault on any page, in ${colorScheme}`, async () => {
      const { page } = await openPage(browser, node.url, { colorScheme })
      await page.evaluate(AXE)
      for (const place of [...PLACES, 'a story', 'the help']) {
        if (place.startsWith('#')) {
          await goTo(page, place)
        } else if (place === 'a story') {
          await goTo(page, '#/packets?mode=history&show=refused')
          await page.locator('a[data-packet]').first().click()
          await page.locator('.refusal').waitFor()
        } else {
          await page.keyboard.press('?')
          await page.getByRole('dialog').waitFor()
        }
        await page.locator('main .panel').first().waitFor()
        await page.locator('.loading').first().waitFor({ state: 'detached' })
        const { violations } = await page.evaluate<AxeResults>(`axe.run(document, { resultTypes: ['violations'] })`)
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
        expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ').slice(0, 400)}`), place).to.deep.equal([])
      }
      await page.context().close()
    })
  }

  it('fits on a phone', async () => {
    const { page } = await openPage(browser, node.url, { viewport: { width: 360, height: 740 }, hasTouch: true })
    for (const place of [...PLACES, '#/packets']) {
      await goTo(page, place)
      await page.locator('main .panel').first().waitFor()
      await page.locator('.loading').first().waitFor({ state: 'detached' })
      expect(await sidewaysPixels(page), place).to.equal(0)
    }
    await page.locator('a[data-packet]').first().click()
    await page.locator('.story').waitFor()
    expect(await sidewaysPixels(page), 'a story').to.equal(0)
    await page.context().close()
  })
})
