/** The explorer's page. It reads from the node that serves it, and changes nothing there. */
import { render } from 'preact'
import { get } from './state/api.js'
import { connect } from './state/connection.js'
import { fillIn, receive } from './state/live.js'
import { watchPage } from './state/page.js'
import { refresh } from './state/resource.js'
import { watchKeys } from './state/keys.js'
import { Shell } from './parts/shell.js'
import type { Series } from '../src/contracts/explorer.js'

/** Almost as far back as the node has counts of each second, so that this is what it answers with. */
const FILLED_MS = 295_000

const root = document.querySelector('#app')
if (root !== null) {
  watchPage()
  watchKeys()
  render(<Shell />, root)
  connect(receive, () => {
    refresh('api/')
    void fill()
  })
}

/** A page without the last minutes shows what comes from now on. */
async function fill (): Promise<void> {
  const until = Date.now()
  const series = await get<Series>(`api/series?since=${until - FILLED_MS}&until=${until}&step=1`).catch(() => undefined)
  if (series?.step === 1) fillIn(series.points)
}
