/** Breakages of the explorer's page, as far as it is pure. */
const MONEY = 'web/model/money.js'
const PACKETS = 'web/model/packets.js'
const CHAINS = 'web/model/chains.js'
const BAR = 'web/model/balance-bar.js'

export const pageMutants = [
  {
    name: 'shows 0.00 of money that is there',
    file: MONEY,
    edits: [['Math.max(FRACTION, zeros + SIGNIFICANT)', 'FRACTION']],
    tests: ['test/web/money.test.js']
  },
  {
    name: 'adds amounts of the page up as numbers',
    file: MONEY,
    edits: [['amount: (baseUnits(sums.get(key)?.amount) + baseUnits(amount)).toString()', 'amount: String(Number(sums.get(key)?.amount ?? 0) + Number(amount))']],
    tests: ['test/web/money.test.js']
  },
  {
    name: 'keeps every packet that the page was told of',
    file: PACKETS,
    edits: [['this.rows.size > this.bound', 'false']],
    tests: ['test/web/packets.test.js']
  },
  {
    name: 'shows packets with one condition as one packet',
    file: PACKETS,
    edits: [["event.type === 'PACKET_RECEIVED' ? undefined : this.inFlight.get(key)", 'this.inFlight.get(key)']],
    tests: ['test/web/packets.test.js']
  },
  {
    name: 'links to whatever the node names',
    file: CHAINS,
    edits: [['/^[0-9A-Za-z]{25,66}$/.test(address)', 'true']],
    tests: ['test/web/words.test.js']
  },
  {
    name: 'draws a peer without a limit as full',
    file: BAR,
    edits: [['const UNLIMITED = 2n', 'const UNLIMITED = 1n']],
    tests: ['test/web/words.test.js']
  }
]
