/** Guests that come and go leave nothing behind: no memory, no timers, no sockets, no descriptors. LEAK_GUESTS says how many come. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'

const SCRIPT = fileURLToPath(new URL('../../support/customers/come-and-go.js', import.meta.url))
/** What is remembered of guests that have gone, up to a bound, is full by then. */
const WARM_UP = 2000
const GUESTS = Number(process.env.LEAK_GUESTS ?? 10_000)
/** However many come: one forgotten log would be 3 KB a guest. */
const GROWTH_MAX_BYTES = 2 * 2 ** 20
/** A timer of the node itself may run just then. What a guest in a thousand left behind would be ten. */
const OWN_MAX = 2

interface Figures {
  alive: number
  resources: number
  descriptors: number
}

describe('guests that have gone', function () {
  this.timeout(600_000)

  it(`are forgotten: after ${GUESTS} of them the node is as it was before`, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, String(WARM_UP), String(GUESTS)], { maxBuffer: 2 ** 26 })
    const { before, after } = JSON.parse(/^figures (.*)$/m.exec(stdout)?.[1] ?? '{}') as { before: Figures, after: Figures }
    expect(after.alive - before.alive, JSON.stringify({ before, after })).to.be.lessThan(GROWTH_MAX_BYTES)
    for (const kind of ['resources', 'descriptors'] as const) {
      expect(after[kind], `${kind}: ${JSON.stringify({ before, after })}`).to.be.at.most(before[kind] + OWN_MAX)
    }
  })
})
