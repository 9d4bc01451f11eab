/**
 * The page of a real connector through which somebody pays as fast as is asked for: `npm run test:explorer` does it with 10,000 packets a
 * second. (flood.test.ts looks at the page alone, with a server that makes up the packets.)
 */
import { expect } from 'chai'
import type { Browser } from 'playwright-core'
import { Load, quantile } from '../../../bench/lib/load.js'
import { startSluice, type Sluice } from '../../../bench/lib/subjects.js'
import { PrepareTemplate } from '../../../bench/lib/wire.js'
import { freePort } from '../../../examples/free-port.js'
import { launchBrowser } from '../../support/explorer/browser.js'
import { WATCH, watchedIn } from '../../support/explorer/watch.js'
import { eventually } from '../../support/waiting.js'

const PER_SECOND = Number(process.env['EXPLORED_PER_SECOND'] ?? 1000)
const FLOOD_MS = Number(process.env['EXPLORED_MS'] ?? 2500)
/** As a reader would call it late, on a machine that runs the connector, the payers, the browser and other tests at once. */
const LATE_MS = 3000

describe('the page of a connector that others pay through fast', () => {
  let connector: Sluice
  let browser: Browser
  let url: string

  before(async () => {
    const port = await freePort()
    connector = await startSluice({ env: { CONNECTOR_EXPLORER: 'true', CONNECTOR_EXPLORER_PORT: String(port) } })
    url = `http://127.0.0.1:${port}/`
    browser = await launchBrowser()
  })
  after(async () => {
    await browser.close()
    await connector.stop()
  })

  it(`stays with ${PER_SECOND} packets a second, and counts each of them`, async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 } })
    await context.addInitScript({ content: WATCH })
    const page = await context.newPage()
    await page.goto(`${url}#/packets`)
    await page.locator('.dot.live').waitFor()
    const { packets, seconds, outcomes, latencies } = await new Load(connector.alice, new PrepareTemplate('test.bench.bob', 0)).openLoop(PER_SECOND, FLOOD_MS)
    const { lags, longest } = await watchedIn(page)
    const p99 = quantile(latencies.get('fulfill'), 0.99)
    console.log(`    ${Math.round(packets / seconds)} packets/s, p99 ${p99.toFixed(1)} ms; on the screen ${lags.length} times, ` +
      `after ${Math.max(...lags).toFixed(0)} ms at most; longest task of the page ${longest.toFixed(0)} ms`)
    expect([...outcomes.keys()]).to.deep.equal(['fulfill'])
    expect(lags.length, 'times that new packets came on the screen').to.be.greaterThan(5)
    expect(Math.max(...lags), 'ms until a packet was on the screen').to.be.lessThan(LATE_MS)
    expect(await page.locator('.virtual .rows .row').count(), 'rows that are drawn').to.be.lessThan(60)
    await page.waitForSelector('text=/counted, not listed/')
    await eventually('all packets are counted', async () => await countedIn(url) === packets)
    await context.close()
  })
})

async function countedIn (url: string): Promise<number> {
  const { points } = await (await fetch(`${url}api/series?peerId=alice`)).json() as { points: Array<{ fulfilled: number }> }
  return points.reduce((sum, { fulfilled }) => sum + fulfilled, 0)
}
