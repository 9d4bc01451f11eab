/** The page of a real node that others pay through: what its readers see is what happens. */
import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../../support/explorer/browser.js'
import { startHub, type Hub } from '../../support/explorer/hub.js'
import { goTo, inPage, openPage } from '../../support/explorer/page.js'
import { outcome, packet, World } from '../../support/node.js'
import { eventually } from '../../support/waiting.js'

const FLOOD_MS = 2500
const AT_ONCE = 200
/** As a reader would call it late, on a machine that runs the nodes, the browser and other tests at once. */
const LATE_MS = 5000

describe('the page of a node that others pay through', () => {
  const world = new World()
  let browser: Browser
  let nodes: Hub

  before(async () => {
    nodes = await startHub(world)
    browser = await launchBrowser()
  })
  after(async () => {
    await browser.close()
    await world.end()
  })

  it('shows packets as they are paid, with what they bring, and earns', async () => {
    const { page, faults } = await openPage(browser, nodes.url)
    await page.locator('.dot.live').waitFor()
    await page.getByText('No packets yet.').first().waitFor()
    for (let paid = 0; paid < 5; paid++) expect(outcome(await nodes.alice.sendPacket(packet('g.shop.till', { amount: 1_080_000n })))).to.equal('fulfill')
    await page.locator('.now a', { hasText: 'alice → shop' }).first().waitFor()
    await page.getByTitle(/1\.080000 USD = 1080000 base units/).first().waitFor()
    await inPage(page, `document.querySelector('.tile b').textContent !== '0'`)
    await goTo(page, '#/peers')
    await page.locator('tr', { hasText: 'alice' }).getByText('owes us 5.40').first().waitFor()
    await page.locator('tr', { hasText: 'shop' }).getByText('we owe').first().waitFor()
    expect(faults).to.deep.equal([])
    await page.context().close()
  })

  it('finds a packet that was refused, and says who refused it and what would let it pass', async () => {
    const { page, faults } = await openPage(browser, `${nodes.url}#/packets?show=refused`)
    await page.locator('.dot.live').waitFor()
    expect(outcome(await nodes.bob.sendPacket(packet('g.shop.till', { amount: 4_000_000n })))).to.equal('fulfill')
    expect(outcome(await nodes.bob.sendPacket(packet('g.shop.till', { amount: 4_000_000n })))).to.equal('T04')
    const row = page.locator('.virtual .row', { hasText: 'T04' }).first()
    await row.getByText('bob').waitFor()
    await row.locator('a[data-packet]').click()
    await page.getByText('Refused by').waitFor()
    await page.locator('.refusal code', { hasText: 'balance' }).waitFor()
    await page.getByText('What would let it pass:').waitFor()
    await page.locator('.steps li.bad', { hasText: 'balance' }).waitFor()

    await page.getByRole('button', { name: 'History' }).click()
    await page.locator('.virtual .row', { hasText: 'T04' }).first().waitFor()
    expect(await page.locator('.virtual .row:not(.header)').count()).to.equal(1)
    await goTo(page, '#/peers')
    await page.locator('.rejects tr', { hasText: 'T04' }).getByText('bob').waitFor()
    expect(faults).to.deep.equal([])
    await page.context().close()
  })

  it('explains where a packet would go, what it would get, and why another would go nowhere', async () => {
    const { page, faults } = await openPage(browser, `${nodes.url}#/routes?destination=g.shop.till`)
    await page.getByText(/goes to shop, by the route for g\.shop/).waitFor()
    await page.locator('.routes tr', { hasText: 'g.bob' }).first().waitFor()
    await goTo(page, '#/rates')
    await page.locator('.rates tr', { hasText: 'USD' }).first().waitFor()
    await goTo(page, '#/config')
    await page.locator('.config tr', { hasText: 'peers[0].authToken' }).getByText('(hidden)').waitFor()
    await goTo(page, '#/settlement')
    await page.getByText('No channels.').waitFor()
    expect(faults).to.deep.equal([])
    await page.context().close()
  })

  it('says when a peer goes away, and when it is back', async () => {
    const { page } = await openPage(browser, nodes.url)
    await page.locator('.dot.live').waitFor()
    await nodes.shop.stop()
    await page.locator('.attention li', { hasText: 'shop is away' }).waitFor()
    await nodes.shop.start()
    await page.locator('.attention li', { hasText: 'shop is away' }).waitFor({ state: 'detached' })
    await goTo(page, '#/packets?show=network')
    await page.locator('.row.other', { hasText: 'connection lost' }).getByText('shop').first().waitFor()
    await page.context().close()
  })

  it('stays with the node while packets come as fast as it takes them', async () => {
    const { page, faults } = await openPage(browser, `${nodes.url}#/packets`)
    await page.locator('.dot.live').waitFor()
    await eventually('the shop is paid again', async () => outcome(await nodes.alice.sendPacket(packet('g.shop.till', { amount: 2n }))) === 'fulfill')
    const end = Date.now() + FLOOD_MS
    let sent = 0
    const pay = async (): Promise<void> => {
      for (; Date.now() < end; sent++) await nodes.alice.sendPacket(packet('g.shop.till', { amount: 2n }))
    }
    const flood = Promise.all(Array.from({ length: AT_ONCE }, pay))
    await page.getByText(/counted, not listed/).waitFor()
    const last = outcome(await nodes.bob.sendPacket(packet('g.nowhere.at-all')))
    const told = Date.now()
    await flood
    expect(last).to.equal('F02')
    await page.getByLabel('Text in packets').fill('g.shop')
    await page.locator('.virtual .row:not(.header)').first().waitFor()
    expect(Date.now() - told - FLOOD_MS, 'ms until the page had taken in what it was told').to.be.lessThan(LATE_MS)
    await goTo(page, '#/overview')
    await eventually('the page has counted all', async () => {
      const answer = await (await fetch(`${nodes.url}api/series?step=1&since=${Date.now() - 200_000}`)).json() as { points: Array<{ fulfilled: number }> }
      return answer.points.reduce((sum, { fulfilled }) => sum + fulfilled, 0) >= sent
    })
    expect(faults).to.deep.equal([])
    await page.context().close()
  })
})
