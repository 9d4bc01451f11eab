/**
 * Pictures of every page of the explorer, in light and dark, as on a desk and on a phone: `node scripts/explorer-screenshots.mjs [folder]`,
 * after a build. They show a made node.
 */
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchBrowser } from '../dist/test/support/explorer/browser.js'
import { StandIn } from '../dist/test/support/explorer/stand-in.js'

const [folder = join(tmpdir(), 'sluice-explorer'), only = ''] = process.argv.slice(2)
const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }
const PLACES = {
  overview: '#/overview',
  packets: '#/packets',
  history: '#/packets?mode=history&show=paid,refused,money,network',
  packet: '#/packets?show=refused',
  peers: '#/peers',
  peer: '#/peers/carol',
  routes: '#/routes?destination=g.dave.shop.eu.till',
  settlement: '#/settlement',
  rates: '#/rates',
  config: '#/config'
}
/** Until sparklines have something to show. */
const WATCHED_MS = 4000

mkdirSync(folder, { recursive: true })
const node = new StandIn({ rate: 1284, told: 12 })
await node.start()
const browser = await launchBrowser()
for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport, colorScheme, deviceScaleFactor: size === 'phone' ? 2 : 1, hasTouch: size === 'phone', locale: 'en-GB' })
    page.on('pageerror', error => console.error(`${size} ${colorScheme}: ${error.message}`))
    page.on('console', message => { if (message.type() === 'error') console.error(`${size} ${colorScheme}: ${message.text()}`) })
    await page.goto(node.url)
    await page.waitForTimeout(WATCHED_MS)
    for (const [name, place] of Object.entries(PLACES).filter(([name]) => only === '' || name === only)) {
      await page.goto(node.url + place)
      await page.waitForTimeout(400)
      if (name === 'packet') {
        await page.locator('a[data-packet]').first().click()
        await page.waitForSelector('.refusal')
      }
      if (size === 'phone') await page.setViewportSize({ ...viewport, height: Math.max(viewport.height, await page.evaluate('document.documentElement.scrollHeight')) })
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) })
      await page.setViewportSize(viewport)
    }
    await page.close()
  }
}
await browser.close()
await node.stop()
console.log(`The pictures are in ${folder}`)
