/**
 * The page of a node that has had a history for long: 50,000 events here, and a million with `npm run test:history`. What is asked for is
 * found, at the beginning and at the end of it, and the page shows no more of it at once than a reader can see.
 */
import { join } from 'node:path'
import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import { busyEvents } from '../../../bench/lib/explorer-events.js'
import { freePort } from '../../../examples/free-port.js'
import type { ExplorerEvent } from '../../../src/contracts/explorer-events.js'
import { History } from '../../../src/explorer/history.js'
import { launchBrowser } from '../../support/explorer/browser.js'
import { openPage } from '../../support/explorer/page.js'
import { World } from '../../support/node.js'

const EVENTS = Number(process.env.HISTORY_EVENTS ?? 50_000)
/** As many as may wait for the disk. */
const BATCH = 10_000
const PAGE = 50

describe(`the page of a node with ${EVENTS} events in its history`, function () {
  this.timeout(300_000)
  const world = new World()
  let browser: Browser
  let url: string
  /** The answers in it, and those of the first packet. */
  let answers = 0
  let rejected = 0
  let first = ''

  before(async () => {
    const dataPath = await world.directory()
    const path = join(dataPath, 'explorer-old')
    let batch: ExplorerEvent[] = []
    for (const event of busyEvents(EVENTS)) {
      batch.push(event)
      if (first === '' && 'packetId' in event) first = event.packetId
      if (event.type === 'PACKET_REJECTED') rejected++
      if (event.type === 'PACKET_REJECTED' || event.type === 'PACKET_FULFILLED') answers++
      if (batch.length < BATCH) continue
      await keep(path, batch)
      batch = []
    }
    await keep(path, batch)
    const port = await freePort()
    url = `http://127.0.0.1:${port}/`
    await world.start('old', { dataPath, explorer: { port, maxEvents: 2 * EVENTS } })
    browser = await launchBrowser()
  })
  after(async () => {
    await (browser as Browser | undefined)?.close()
    await world.end()
  })

  async function keep (path: string, events: readonly ExplorerEvent[]): Promise<void> {
    const history = new History({ path, maxEvents: 2 * EVENTS })
    await history.open()
    for (const event of events) history.add(event)
    await history.close()
    expect(history.status().lost).to.equal(0)
  }

  async function open (query: string): Promise<Page> {
    const { page, faults } = await openPage(browser, `${url}#/packets?mode=history${query}`)
    await page.locator('.footing').getByText(/ of /).waitFor()
    expect(faults).to.deep.equal([])
    return page
  }
  const count = (number: number): string => number.toLocaleString('en-GB')

  it('shows the newest, and turns to the oldest', async () => {
    const page = await open('')
    await page.locator('.virtual .row:not(.header)').first().waitFor()
    expect(await page.locator('.footing').innerText()).to.match(new RegExp(`^1 to \\d+ of ${count(answers)}`))
    expect(await page.locator('.virtual .rows .row').count(), 'rows that are drawn').to.be.lessThan(60)
    await page.getByRole('button', { name: 'Older' }).click()
    await page.getByText(new RegExp(`^${PAGE + 1} to `)).waitFor()
    await page.context().close()
    const oldest = await open(`&offset=${Math.floor((answers - 1) / PAGE) * PAGE}`)
    await oldest.getByText(new RegExp(` to ${count(answers)} of `)).waitFor()
    expect(await oldest.getByRole('button', { name: 'Older' }).isDisabled()).to.equal(true)
    await oldest.context().close()
  })

  it('counts what a filter leaves, and finds the first packet of all by its id', async () => {
    const page = await open('&show=refused')
    await page.getByText(` of ${count(rejected)}`).waitFor()
    await page.context().close()
    const found = await open(`&text=${first}`)
    await found.locator(`a[data-packet="${first}"]`).click()
    await found.locator('.steps li').first().waitFor()
    await found.context().close()
  })
})
