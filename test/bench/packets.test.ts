/** The benchmark runs, over every connector and every load, and says what it is to say. What the figures are is not a test's business. */
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { Process } from '../../bench/lib/processes.js'

const BENCH = fileURLToPath(new URL('../../bench/packets.js', import.meta.url))

describe('the benchmark of packets', function () {
  this.timeout(120_000) // it starts some twenty processes
  let child: Process

  afterEach(() => child.stop())

  it('compares the three connectors over BTP, one with its explorer, two of them in process, and their starts', async () => {
    child = new Process(BENCH, { args: ['--quick'] })
    await child.finished()
    const lines = child.printed.split('\n').filter(line => line.startsWith('| ')).map(line => line.split('|').slice(1, -1).map(cell => cell.trim()))
    const overBtp = lines.filter(([, column]) => column === 'CPU us/packet').map(([title]) => title)
    expect(overBtp).to.deep.equal([
      ...[0, 1024].flatMap(size => [1, 100, 1000].map(window => `${window} in flight, ${size} bytes of data`)),
      'with the explorer, 100 in flight', 'in process, 1 account, 100 in flight', 'in process, 10 accounts, 100 in flight', 'in process, 1000 accounts, 100 in flight'
    ])
    for (const [name, count] of [['reference', 10], ['sluice', 11], ['explored', 1], ['explored / sluice', 1], ['floor', 7], ['sluice / reference', 10], ['sluice / floor', 7]] as const) {
      const rows = lines.filter(([first]) => first === name)
      expect(rows, name).to.have.length(count)
      for (const [, ...figures] of rows) expect(figures.map(Number).every(Number.isFinite), `${name}: ${figures.join(' ')}`).to.equal(true)
    }
  })
})
