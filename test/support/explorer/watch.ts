/** Measures in the explorer's page how long it takes from when a packet is told of until it is on the screen. */
import type { Page } from 'playwright-core'

export interface Watched {
  /** Of each time that new packets came on the screen. ms. */
  lags: number[]
  /** The longest task of the page. ms. */
  longest: number
}

/** For `addInitScript`: it has to run before the page's own script. */
export const WATCH = `
  const arrived = new Map()
  const watched = window.watched = { lags: [], longest: 0 }
  window.WebSocket = class extends window.WebSocket {
    constructor (url) {
      super(url)
      this.addEventListener('message', ({ data }) => {
        const id = /"packetId":"([0-9a-f]{64})"/.exec(data)?.[1]
        if (id !== undefined && !arrived.has(id)) arrived.set(id, performance.now())
      })
    }
  }
  new PerformanceObserver(list => {
    for (const { duration } of list.getEntries()) watched.longest = Math.max(watched.longest, duration)
  }).observe({ entryTypes: ['longtask'] })
  addEventListener('DOMContentLoaded', () => {
    new MutationObserver(() => {
      const at = arrived.get(document.querySelector('a[data-packet]')?.dataset.packet)
      if (at === undefined) return
      watched.lags.push(performance.now() - at)
      arrived.clear()
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })
  })`

export async function watchedIn (page: Page): Promise<Watched> {
  return await page.evaluate<Watched>('window.watched')
}
