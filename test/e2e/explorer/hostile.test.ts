/**
 * Peers choose their names, and send Rejects with any text in them. On the page both are text: no element comes of them, no script runs,
 * nothing is loaded.
 */
import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../../support/explorer/browser.js'
import { goTo, openPage } from '../../support/explorer/page.js'
import { StandIn } from '../../support/explorer/stand-in.js'
import * as scene from '../../support/explorer/scene.js'

const EVIL = '"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script><svg onload="window.hacked=1">{{7*7}}\u202e\u0000javascript:window.hacked=1'
const PLACES = ['#/overview', '#/packets', '#/peers', `#/peers/${encodeURIComponent(EVIL)}`, `#/routes?destination=${encodeURIComponent(EVIL)}`, '#/settlement', '#/rates', '#/config']
const PACKET = 'e1'.repeat(32)

/** Every text of an answer, but for those that the page decides by, is replaced. */
function poisoned (value: unknown, key = ''): unknown {
  if (typeof value === 'string') return /^(severity|kind|status|outcome|settlementState|from|type)$/.test(key) || /^-?\d+$/.test(value) ? value : EVIL
  if (Array.isArray(value)) return value.map(each => poisoned(each, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, poisoned(each, name)]))
}

describe('hostile names and messages', () => {
  const now = Date.now()
  const story = {
    packetId: PACKET, from: EVIL, to: EVIL, destination: EVIL, received: { amount: '5', assetCode: EVIL, assetScale: 2 }, arrivedAt: now, took: 1,
    outcome: 'rejected', steps: [{ step: EVIL, accountId: EVIL, at: 0.1, note: EVIL }],
    refusal: { code: EVIL, message: EVIL, triggeredBy: EVIL, step: EVIL, words: EVIL, fix: EVIL }
  }
  const node = new StandIn({
    answers: {
      overview: poisoned(scene.overview(now, now)), peers: poisoned({ peers: scene.scenePeers(now) }),
      routes: poisoned({ routes: scene.routes() }),
      channels: poisoned(scene.channels(now)), rates: poisoned(scene.rates()), config: poisoned(scene.config()),
      rejects: poisoned({ rejects: scene.rejects() }),
      explain: poisoned({ destination: '', sentence: 'x', shorter: ['x'], trouble: 'x', route: scene.routes()[2] }), [`packets/${PACKET}`]: story
    }
  })
  let browser: Browser

  before(async () => {
    await node.start()
    browser = await launchBrowser()
  })
  after(async () => {
    await browser.close()
    await node.stop()
  })

  async function expectOnlyText (page: Page, where: string): Promise<void> {
    const found = await page.evaluate(`({
      hacked: 'hacked' in window,
      elements: document.querySelectorAll('#app img, #app script, #app iframe, #app [onerror], #app [onload], #app [onclick]').length,
      links: [...document.querySelectorAll('a')].map(({ href }) => href).filter(href => !/^http:..127.0.0.1|^https:/.test(href))
    })`)
    expect(found, where).to.deep.equal({ hacked: false, elements: 0, links: [] })
  }

  it('are shown as text on every page, in every event, and in a packet\'s story', async () => {
    const { page, faults } = await openPage(browser, node.url)
    await page.waitForSelector('.dot.live')
    node.tell({ type: 'PACKET_REJECTED', nodeId: EVIL, packetId: PACKET, destination: EVIL, amount: EVIL, assetCode: EVIL, assetScale: 2, from: EVIL, timestamp: now, took: 1,
      steps: [], code: EVIL, message: EVIL, triggeredBy: EVIL })
    node.tell({ type: 'ROUTE_ADDED', nodeId: EVIL, prefix: EVIL, nextHop: EVIL, reason: EVIL, timestamp: now })
    node.tell({ type: 'CLAIM_REDEEMED', nodeId: EVIL, peerId: EVIL, blockchain: EVIL, channelId: EVIL, txHash: EVIL, amount: EVIL, success: true, timestamp: EVIL })
    for (const place of PLACES) {
      await goTo(page, place)
      await page.waitForSelector('main .panel')
      await page.waitForSelector('.loading', { state: 'detached' })
      await expectOnlyText(page, place)
    }
    await goTo(page, '#/packets?show=paid,refused,flying,money,network')
    await page.locator('a[data-packet]').click()
    await page.waitForSelector('.refusal')
    await expectOnlyText(page, 'the story')
    expect(await page.locator('.refusal .message').textContent()).to.contain('<script>window.hacked=1</script>')
    expect(faults).to.deep.equal([])
    await page.context().close()
  })

  it('do not end the page when they are not even events', async () => {
    const { page, faults } = await openPage(browser, node.url)
    await page.waitForSelector('.dot.live')
    for (const odd of [5, null, [], { type: 'NEW_TYPE' }, { type: 'TRAFFIC' }]) node.tellRaw(JSON.stringify(odd))
    node.tellRaw('{"type":')
    node.tell({ type: 'PEER_CONNECTED', nodeId: 'n', peerId: 'zoe', timestamp: now })
    await goTo(page, '#/packets?show=network')
    await page.waitForSelector('text=zoe')
    expect(faults).to.deep.equal([])
    await page.context().close()
  })
})
