/** Breakages of settlement on the XRP Ledger: each would lose money to a peer, or to a server that lags or lies. */
const SENDER = 'plugins/xrp/ledger/sender.js'
const LEDGER = 'plugins/xrp/ledger/ledger.js'
const SENDER_TEST = 'test/plugins/xrp/ledger/sender.test.js'
const LEDGER_TEST = 'test/plugins/xrp/ledger/ledger.test.js'

export const xrpMutants = [
  {
    name: 'XRP: offers no more for a claim that was under way when the payer closed',
    file: 'plugins/xrp/ledger/transactions.js',
    edits: [['BigInt(isUrgent() ? urgentCap : cap)', 'BigInt(cap)']],
    tests: [SENDER_TEST]
  },
  {
    name: 'XRP: pays whatever fee the server asks for',
    file: SENDER,
    edits: [['if (least > cap)', 'if (false)']],
    tests: [SENDER_TEST]
  },
  {
    name: 'XRP: remembers a channel as an older ledger had it',
    file: LEDGER,
    edits: [['>= newest', '>= 0']],
    tests: [LEDGER_TEST]
  },
  {
    name: 'XRP: asks again and again about channels that are over',
    file: LEDGER,
    edits: [['listed?.delete(channelId)', 'listed?.add(channelId)']],
    tests: [LEDGER_TEST]
  }
]
