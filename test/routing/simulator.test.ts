/**
 * Routing among 20 connectors on virtual time: messages are lost, delayed, doubled and overtake each other, connections break,
 * partitions come and go, connectors crash and forget, customers move. Two kinds of packets are on their way meanwhile: some arrive in
 * no time at all, wherever a table has just changed, and some take their time, so that tables change under them.
 *
 * `npm run test:simulator` is the long form, of SIM_SEEDS stories. A story is repeated by its seed: SIM_FIRST=<seed> SIM_SEEDS=1.
 */
import { expect } from 'chai'
import { hierarchy, nested, peers } from '../support/simulator/plots.js'
import { Random } from '../support/simulator/random.js'
import { tell } from '../support/simulator/scenario.js'
import type { Plot, Story } from '../support/simulator/scenario.js'

const SEEDS = Number(process.env['SIM_SEEDS'] ?? 24)
const FIRST = Number(process.env['SIM_FIRST'] ?? 1)
const seeds = Array.from({ length: SEEDS }, (_, i) => FIRST + i)

type Check = (story: Story, plot: Plot) => void

async function tellAll (name: string, plotOf: (random: Random) => Plot, check: Check = () => {}): Promise<void> {
  for (const seed of seeds) {
    const random = new Random(seed)
    const plot = plotOf(random)
    const story = await tell(random, plot)
    try {
      expect(story.circles).to.deep.equal([])
      expect(story.lost).to.deep.equal([])
      expect(story.traffic.takenTwice).to.deep.equal([])
      expect(story.traffic.delivered).to.be.greaterThan(0)
      check(story, plot)
    } catch (error) {
      const repeat = `SIM_FIRST=${seed} SIM_SEEDS=1 npx mocha dist/test/routing/simulator.test.js --grep '${name}'`
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : ''}\nTo repeat: ${repeat}`, { cause: error })
    }
  }
}

describe('a network of connectors', function () {
  this.timeout(0)
  // A refused packet is an error with a stack, and millions are refused here.
  const { stackTraceLimit } = Error
  before(() => { Error.stackTraceLimit = 0 })
  after(() => { Error.stackTraceLimit = stackTraceLimit })

  it('of peers: no connector takes a packet twice, and three intervals after healing all are reached by a shortest path', async () => {
    await tellAll('of peers', peers, ({ arrived }, { network }) => {
      for (const { from, to, journey } of arrived) expect(journey.connectors.length).to.equal(network.distances(from).get(to))
    })
  })

  it('of parents and children: no connector takes a packet twice, and three intervals after healing all are reached', async () => {
    await tellAll('of parents', hierarchy)
  })

  it('with nested prefixes: no connector takes a packet twice, and what was suppressed is reached when its cover is gone', async () => {
    await tellAll('with nested', nested)
  })
})
