/** Breakages of settlement on the XRP Ledger: each would lose money to a peer, or to a server that lags or lies. */
const SENDER = 'plugins/xrp/ledger/sender.js'
const LEDGER = 'plugins/xrp/ledger/ledger.js'
const SENDER_TEST = 'test/plugins/xrp/ledger/sender.test.js'
const LEDGER_TEST = 'test/plugins/xrp/ledger/ledger.test.js'
const CROWDS_TEST = 'test/plugins/xrp/crowds-and-orders.test.js'

export const xrpMutants = [
  {
    name: 'XRP: waits for years for a transaction whose sequence another has taken',
    file: SENDER,
    edits: [['open.every(isMadeUp)', 'open.length === 0']],
    tests: [SENDER_TEST]
  },
  {
    name: 'XRP: keeps offering what no ledger may have any more',
    file: SENDER,
    edits: [['operation.attempts.filter(attempt => attempt.last >= now)', 'operation.attempts']],
    tests: [SENDER_TEST]
  },
  {
    name: 'believes one answer about how far the XRP Ledger is',
    file: LEDGER,
    edits: [['return Math.min(found, index);', 'return found;']],
    tests: [SENDER_TEST]
  },
  {
    name: 'leaves a transaction of the XRP Ledger alone that was signed after a ledger that there is not',
    file: SENDER,
    edits: [['isMadeUp(last) || now', 'now']],
    tests: [SENDER_TEST]
  },
  {
    name: 'pays an address of the XRP Ledger that is for test networks on the main one',
    file: 'plugins/xrp/formats.js',
    edits: [['isTest !== isMain', 'isTest !== undefined']],
    tests: ['test/plugins/xrp/options.test.js']
  },
  {
    name: 'XRP: lets one answer with a ledger of years to come stop the reading of all channels',
    file: LEDGER,
    edits: [['Math.min(index, this.validated.index + MAX_BEHIND)', 'index']],
    tests: [LEDGER_TEST]
  },
  {
    name: 'XRP: keeps what a transaction in a ledger of years to come has asked for',
    file: LEDGER,
    edits: [['this.#least = 0;\n        this.#kept', 'this.#kept']],
    tests: [LEDGER_TEST]
  },
  {
    name: 'lets a ledger that there is not stop what a server of the XRP Ledger tells later',
    file: 'plugins/xrp/ledger/ledger.js',
    edits: [['this.#progress.faultOf(place) !== undefined || ', '']],
    tests: ['test/plugins/xrp/ledger/ledger.test.js']
  },
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
  },
  {
    name: 'XRP: believes a server that is behind that there is no channel, and opens another one',
    file: LEDGER,
    edits: [["if (answer === undefined && ledger === 'validated')", 'if (false)']],
    tests: [CROWDS_TEST]
  },
  {
    name: 'XRP: puts in again what a server that is behind does not show yet',
    file: LEDGER,
    edits: [['&& index >= this.#least', '']],
    tests: [CROWDS_TEST]
  },
  {
    name: 'XRP: takes a channel of tokens for one of XRP',
    file: 'plugins/xrp/ledger/entries.js',
    edits: [["typeof value === 'string' && DROPS.test(value) ? BigInt(value) : undefined",
      "BigInt(typeof value === 'string' && DROPS.test(value) ? value : (value?.value ?? 0))"]],
    tests: [CROWDS_TEST]
  },
  {
    name: 'XRP: believes what submit says of a transaction',
    file: SENDER,
    edits: [['const account = await ledger.account(this.#deps.signer.address);',
      "if (course.said.startsWith('tec')) return { txId: last.hash, error: course.said }; const account = await ledger.account(this.#deps.signer.address);"]],
    tests: [CROWDS_TEST]
  },
  {
    name: 'XRP: credits more than the drops of a claim are worth in units of the account',
    file: 'plugins/lib/channels/units.js',
    edits: [['return tokens * this.smallest / this.multiply;', 'return (tokens + (this.smallest > 1n ? 1n : 0n)) * this.smallest / this.multiply;']],
    tests: ['test/e2e/money/xrp-accounts.test.js']
  },
  {
    name: 'XRP: keeps as many channels as a payer opens',
    file: 'plugins/xrp/provider.js',
    edits: [['this.#book.isFull(source)', 'false']],
    tests: ['test/plugins/xrp/attacks.test.js']
  }
]
