/** The page as its readers use it: every page shows what the node knows, by mouse, keyboard and address; and says so when it cannot. */
import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { launchBrowser } from '../../support/explorer/browser.js'
import { goTo, openPage, inPage } from '../../support/explorer/page.js'
import { StandIn } from '../../support/explorer/stand-in.js'

describe('the explorer\'s page', () => {
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

  it('shows on each page what the node knows', async () => {
    const { page, faults } = await openPage(browser, node.url)
    for (const [place, texts] of [
      ['#/overview', ['Earning. 2 of 5 peers cannot pay you', 'bob is at its limit of 1,000.00 USD', 'full now', 'earned since the start']],
      ['#/packets', ['History', 'Peers and routes', 'shown']],
      ['#/peers', ['away 3 min', '349.08', 'settles at', 'What helps']],
      ['#/peers/carol', ['solana address', 'connection lost']],
      ['#/routes', ['g.dave.shop.eu', 'parent: everything that is not known otherwise']],
      ['#/settlement', ['Claims not yet on chain', 'nobody knows whether it was paid', 'challenge ends in', 'settlement by evm failed: the deposit is used up', 'chain does not answer']],
      ['#/rates', ['set by hand', 'answered 429']],
      ['#/config', ['adminApi.apiKey', '(hidden)', '841,204 events, 214 MB on disk', '1,207 entries', 'c0ffee'.repeat(10)]]
    ] as const) {
      await goTo(page, place)
      for (const text of texts) await page.getByText(text).first().waitFor()
    }
    expect(faults).to.deep.equal([])
    await page.context().close()
  })

  it('shows amounts shortened, with every digit and the base units in the tooltip', async () => {
    const { page } = await openPage(browser, `${node.url}#/peers`)
    await page.getByTitle('349.080000 USD = 349080000 base units (scale 6)').first().waitFor()
    await page.context().close()
  })

  it('finds a refused packet by its code, and tells its story', async () => {
    const { page } = await openPage(browser, node.url)
    await page.keyboard.press('/')
    await page.keyboard.type('T04')
    await page.keyboard.press('Enter')
    await inPage(page, `location.hash === '#/packets?show=refused&text=T04'`)
    await page.getByRole('button', { name: 'History' }).click()
    await page.locator('a[data-packet]').first().click()
    await page.getByText('What would let it pass:').waitFor()
    await page.getByText('A limit of 1,004.20 USD or more, or a settlement by bob.').waitFor()
    await page.locator('.steps .bad', { hasText: 'balance' }).waitFor()

    await page.reload()
    await page.getByText('What would let it pass:').waitFor()
    expect(await page.getByLabel('Text in packets').inputValue()).to.equal('T04')
    await page.keyboard.press('Escape')
    await page.locator('.detail').waitFor({ state: 'detached' })
    await page.context().close()
  })

  it('keeps its filters in the address, and goes through the pages of the history', async () => {
    const { page } = await openPage(browser, `${node.url}#/packets?mode=history&show=refused&peer=bob`)
    await page.locator('.virtual .row:not(.header)').first().waitFor()
    const outcomes = await page.locator('.virtual .row:not(.header) .c-outcome').allTextContents()
    expect(outcomes.filter(text => !text.includes('T04'))).to.deep.equal([])
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByText(/^1 to 50 of/).waitFor()
    await page.getByRole('button', { name: 'Older' }).click()
    await page.getByText(/^51 to 100 of/).waitFor()
    await page.getByLabel('Direction').selectOption('received')
    await page.getByLabel('Time', { exact: true }).selectOption('5')
    await inPage(page, `location.hash === '#/packets?direction=received&minutes=5&mode=history'`)
    await page.context().close()
  })

  it('is live, and stands still when it is paused', async () => {
    const { page } = await openPage(browser, `${node.url}#/packets`)
    const first = page.locator('a[data-packet]').first()
    const newest = async (): Promise<string | null> => await first.getAttribute('data-packet')
    const before = await newest()
    await page.locator(`a[data-packet="${before ?? ''}"] >> nth=0`).waitFor()
    await inPage(page, `document.querySelector('a[data-packet]').dataset.packet !== '${before ?? ''}'`)
    await page.getByRole('button', { name: 'Pause' }).click()
    const paused = await newest()
    await page.getByText(/^Paused · \d+ waiting/).waitFor()
    expect(await newest()).to.equal(paused)
    await page.getByRole('button', { name: 'Paused' }).click()
    await inPage(page, `document.querySelector('a[data-packet]').dataset.packet !== '${paused ?? ''}'`)
    await page.context().close()
  })

  it('explains a destination', async () => {
    const { page } = await openPage(browser, `${node.url}#/routes`)
    await page.getByLabel('ILP address').fill('g.carol.till')
    await page.keyboard.press('Enter')
    await page.getByText('carol is away: the packet would be refused with T01.').waitFor()
    await page.getByLabel('Find routes').fill('shorter path')
    await page.getByRole('button', { name: '2 candidates for g.bob' }).click()
    await page.locator('.candidates').last().getByText('next best').waitFor()
    await page.context().close()
  })

  it('is used with the keyboard alone', async () => {
    const { page } = await openPage(browser, node.url)
    await page.getByText('Earning.').waitFor()
    for (const [key, name] of [['2', 'packets'], ['3', 'peers'], ['4', 'routes'], ['5', 'settlement'], ['6', 'rates'], ['7', 'config'], ['1', 'overview']] as const) {
      await page.keyboard.press(key)
      await page.locator(`main.page-${name}`).waitFor()
    }
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await page.keyboard.press('2')
    await page.locator('a[data-packet]').first().waitFor()
    await page.keyboard.press('j')
    await page.locator('.detail').waitFor()
    await page.context().close()
  })

  it('keeps the colours that the reader chose', async () => {
    const { page } = await openPage(browser, node.url, { colorScheme: 'light' })
    await page.getByRole('button', { name: 'Dark colours' }).click()
    await page.reload()
    await page.locator('html[data-theme=dark]').waitFor()
    await page.context().close()
  })
})

describe('the page of a node that is away, or says no', () => {
  let browser: Browser

  before(async () => { browser = await launchBrowser() })
  after(async () => { await browser.close() })

  it('says that the connection is lost, keeps what was known, and is live again when the node is back', async () => {
    const node = new StandIn({ rate: 20 })
    await node.start()
    const { page } = await openPage(browser, `${node.url}#/peers`)
    await page.locator('.dot.live').waitFor()
    await page.getByRole('link', { name: 'bob' }).first().waitFor()
    await node.stop()
    await page.getByText('Reconnecting').waitFor()
    await page.getByText(/^ for \d s$/).waitFor()
    await page.getByText('The node does not answer. This is what was known before.').first().waitFor()
    await page.getByRole('link', { name: 'bob' }).first().waitFor()
    await node.start()
    await page.locator('.dot.live').waitFor()
    await page.getByText('The node does not answer.').first().waitFor({ state: 'detached' })
    await page.context().close()
    await node.stop()
  })

  it('asks for the key, and keeps it in its tab only', async () => {
    const node = new StandIn({ rate: 20, apiKey: 'open sesame' })
    await node.start()
    const { page } = await openPage(browser, node.url)
    await page.getByRole('dialog', { name: 'This node wants a key' }).waitFor()
    await page.getByText('Invalid or missing API key').first().waitFor()
    await page.getByLabel('API key').fill('open sesame')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('Earning.').waitFor()
    await page.locator('.dot.live').waitFor()
    expect(await page.evaluate('JSON.stringify(localStorage)')).to.not.contain('sesame')
    await page.context().close()
    await node.stop()
  })

  it('says in each panel what is wrong, and what is empty', async () => {
    const node = new StandIn({ answers: { peers: { peers: [] }, routes: [500, { error: 'The router is not there yet.' }], rejects: { rejects: [] }, rates: { backend: 'one-to-one', pairs: [], troubles: [] } } })
    await node.start()
    const { page } = await openPage(browser, `${node.url}#/peers`)
    for (const [place, text] of [['#/peers', 'No peers.'], ['#/peers/nobody', 'There is no peer called nobody.'], ['#/routes', 'The router is not there yet.'], ['#/rates', 'No rates.'],
      ['#/packets', 'No packets yet.'], [`#/packets/${'0'.repeat(64)}`, 'The node has not kept this packet.']] as const) {
      await goTo(page, place)
      await page.getByText(text).first().waitFor()
    }
    await page.context().close()
    await node.stop()
  })
})
