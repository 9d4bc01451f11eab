/** The daemon does not grow with what it has seen. The short form of `npm run test:soak`. */
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { startSluice, type Sluice } from '../../../bench/lib/subjects.js'
import { TRAFFIC_ACCOUNTS, Traffic } from '../../../bench/lib/traffic.js'

/** Enough to fill what is remembered of the latest packets, and of the requests of each peer. */
const WARM_UP_PACKETS = 100_000
/** So many that a leak shows beside what is remembered, which comes and goes in steps of a few MB. */
const PACKETS = 100_000
/** Of what is alive. A leak of 50 bytes per packet would be as much. */
const GROWTH_MAX_BYTES = 5_000_000
const PROBE = fileURLToPath(new URL('../../../bench/lib/heap-probe.js', import.meta.url))

describe('the memory of the daemon', function () {
  this.timeout(300_000)
  let sluice: Sluice

  beforeEach(async () => { sluice = await startSluice({ accounts: TRAFFIC_ACCOUNTS, nodeArgs: ['--expose-gc', '--import', PROBE] }) })
  afterEach(() => sluice.stop())

  it('does not grow with fulfilled, refused and meaningless packets, new destinations, wrong tokens and routes that come and go', async () => {
    const traffic = await Traffic.start(sluice)
    await traffic.packets(WARM_UP_PACKETS)
    const before = await sluice.process.alive()
    await traffic.packets(PACKETS)
    const after = await sluice.process.alive()
    expect(after - before, `bytes more than ${before}`).to.be.lessThan(GROWTH_MAX_BYTES)
  })
})
