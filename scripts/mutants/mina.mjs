/** Breakages of settlement on Mina: each would lose money to a peer, to a node that lies, or to a bad moment. */
const ATTACKS = 'test/plugins/mina/attacks.test.js'
const SENDER = 'plugins/mina/chain/sender.js'
const SENDER_TEST = 'test/plugins/mina/chain/sender.test.js'
const NODES_TEST = 'test/plugins/mina/chain/nodes.test.js'
const VIEWS_TEST = 'test/plugins/mina/views.test.js'
const ACCOUNT = 'plugins/mina/channel-account.js'
const ACCOUNT_TEST = 'test/plugins/mina/channel-account.test.js'
const CLAIMS = 'plugins/mina/claims.js'
const CLAIMS_TEST = 'test/plugins/mina/claims.test.js'

export const minaMutants = [
  {
    name: 'Mina: takes an account whose key may change its code',
    file: ACCOUNT,
    edits: [['if (txnVersion !== expected.txnVersion)', 'if (false)']],
    tests: [ACCOUNT_TEST]
  },
  {
    name: 'Mina: looks at no permissions',
    file: ACCOUNT,
    edits: [['if (value !== wanted)', 'if (false)']],
    tests: [ACCOUNT_TEST]
  },
  {
    name: 'Mina: takes claims that were made for another contract',
    file: CLAIMS,
    edits: [['if (salt !== domain)', 'if (false)']],
    tests: [CLAIMS_TEST]
  },
  {
    name: 'Mina: looks at a flood of bad claims at once',
    file: CLAIMS,
    edits: [['this.#badInARow >= BAD_IN_A_ROW', 'false']],
    tests: [CLAIMS_TEST]
  },
  {
    name: 'Mina: looks at a flood of bad claims at once, when good ones are between them',
    file: CLAIMS,
    edits: [['this.#badLately.count >= BAD_IN_A_SECOND', 'false']],
    tests: [CLAIMS_TEST]
  },
  {
    name: 'Mina: counts a deposit before it is confirmed',
    file: 'plugins/mina/chain/feed.js',
    edits: [['confirmed: confirmed?.account', 'confirmed: latest']],
    tests: [ATTACKS]
  },
  {
    name: 'Mina: believes the node that shows most',
    file: 'plugins/mina/views.js',
    edits: [['amount < smallest ? amount', 'amount > smallest ? amount']],
    tests: [ATTACKS]
  },
  {
    name: 'Mina: offers the same fee forever',
    file: 'plugins/mina/chain/fees.js',
    edits: [['const more = before * 5n / 4n', 'const more = before']],
    tests: [ATTACKS]
  },
  {
    name: 'Mina: makes an end anew only for more than the expired one offered',
    file: SENDER,
    edits: [['?? plan.fees.most', '']],
    tests: [SENDER_TEST]
  },
  {
    name: 'Mina: an end that ran out of time keeps its place from what is more urgent',
    file: SENDER,
    edits: [['if (this.#seat.isWantedBefore(job)) {\n            this.#giveUpSeat(job, course, { sequence: last.nonce, fee: 0n });', 'if (false) {']],
    tests: [SENDER_TEST]
  },
  {
    name: 'Mina: what no node can be given keeps its place from the answer to a close',
    file: SENDER,
    edits: [['if (this.#seat.isWantedBefore(job))\n            this.#giveUpSeat', 'if (false)\n            this.#giveUpSeat']],
    tests: [SENDER_TEST]
  },
  {
    name: 'Mina: two accounts of a key that ask other nodes have a seat each',
    file: SENDER,
    edits: [['seatOf(deps.chainId, deps.key.address)', 'seatOf(deps.chainId + Math.random(), deps.key.address)']],
    tests: [SENDER_TEST]
  },
  {
    name: 'Mina: what a disconnected account left in the pool cannot be outbid',
    file: SENDER,
    edits: [['this.#pass(job, isOpen ?', 'this.#pass(job, isOpen && !job.signal.aborted ?']],
    tests: [SENDER_TEST]
  },
  {
    name: 'Mina: the answer to the close of a channel with next to nothing goes before all others',
    file: 'plugins/mina/plans.js',
    edits: [['stake: isEnding ? stake : undefined', 'stake: undefined']],
    tests: [SENDER_TEST]
  },
  {
    name: 'Mina: one node alone has a claim forgotten',
    file: 'plugins/mina/views.js',
    edits: [['over.some(isIt => isIt !== over[0])', 'false'], ['!this.#overBy(channel).includes(true)', 'true']],
    tests: [VIEWS_TEST]
  },
  {
    name: 'Mina: a node that lies hides a close that another one shows',
    file: 'plugins/mina/views.js',
    edits: [['const closing = this.#closing(address);\n            if (closing !== undefined)', 'const closing = undefined;\n            if (false)']],
    tests: [VIEWS_TEST]
  },
  {
    name: 'Mina: one of two nodes that is away hides a close',
    file: 'plugins/mina/views.js',
    edits: [["from !== 'any' || failed.length === looks.length", 'true']],
    tests: [VIEWS_TEST]
  },
  {
    name: 'Mina: takes the transaction of another program for its own',
    file: SENDER,
    edits: [['BigInt(fee) === command.fee && command.touches.includes(call.channelId)', 'true']],
    tests: [SENDER_TEST]
  },
  {
    name: 'Mina: goes on with a redemption that the channel will never pay',
    file: SENDER,
    edits: [['error instanceof ChainError && error.isFinal && (', 'false && (']],
    tests: [SENDER_TEST]
  },
  {
    name: 'Mina: forgets a channel with a transaction under way',
    file: 'plugins/mina/provider.js',
    edits: [['if (this.#isBusyWith(channelId))', 'if (false)'], ['if (!this.#isBusyWith(address))', 'if (true)']],
    tests: [SENDER_TEST]
  },
  {
    name: 'Mina: after a reorganisation, the later transaction keeps the seat',
    file: SENDER,
    edits: [['if (nonce !== last.nonce)', 'if (nonce > last.nonce)']],
    tests: [SENDER_TEST]
  },
  {
    name: 'Mina: answers a close with the proof that is at hand, and the rest when it is too late',
    file: 'plugins/mina/proofs.js',
    edits: [['if (await withTimeout(making, ending.patienceMs).catch(() => false))', 'if (false)']],
    tests: ['test/plugins/mina/proofs.test.js']
  },
  {
    name: 'Mina: waits for a prover that is broken while the challenge runs out',
    file: 'plugins/mina/proofs.js',
    edits: [['await withTimeout(making, ending.patienceMs).catch(() => false)', 'true']],
    tests: ['test/plugins/mina/proofs.test.js']
  },
  {
    name: 'Mina: looks at as many addresses as a peer names',
    file: 'plugins/mina/views.js',
    edits: [['this.#named.size >= NAMED_MAX', 'false']],
    tests: ['test/plugins/mina/views.test.js']
  },
  {
    name: 'Mina: an end that takes its time hides that the payer closes',
    file: 'plugins/lib/channels/watcher.js',
    edits: [["#beside('defend'", "#beside('look'"]],
    tests: [ATTACKS]
  },
  {
    name: 'Mina: ends a channel whose payer takes no payments',
    file: 'plugins/mina/plans.js',
    edits: [['await this.#checkPayable(payer, channelId)', '']],
    tests: [ATTACKS]
  },
  {
    name: 'Mina: sends an end whose time has run out',
    file: 'plugins/mina/plans.js',
    edits: [['this.#feed.tip.slot + SLOTS_TO_SEND < until', 'true']],
    tests: [ATTACKS]
  },
  {
    name: 'Mina: believes a node that is hours behind',
    file: 'plugins/mina/chain/feed.js',
    edits: [['Math.abs(ageMs) > OFF_MS', 'false']],
    tests: [ATTACKS]
  },
  {
    name: 'Mina: takes claims until the network stops',
    file: 'plugins/mina/provider.js',
    edits: [['this.#stop.refuseClaims()', '']],
    tests: [ATTACKS]
  },
  {
    name: 'Mina: leaves small claims to a hard fork',
    file: 'plugins/mina/provider.js',
    edits: [['return this.#stop.isDue(amount)', 'return false']],
    tests: [ATTACKS]
  },
  {
    name: 'Mina: finds three channels that a lost store knew, and no more',
    file: 'plugins/mina/provider.js',
    edits: [['unused < DERIVED_AHEAD;', 'from === 0;']],
    tests: [ATTACKS]
  },
  {
    name: 'Mina: does not say that the time of a close runs out',
    file: 'plugins/mina/chain/sender.js',
    edits: [['if (plan.quartersOver > (course.quartersSaid ?? 0))', 'if (false)']],
    tests: [ATTACKS]
  },
  {
    name: 'Mina: every close ends the proof that is being made',
    file: 'plugins/mina/proofs.js',
    edits: [['priority, ending?.isLate', 'priority, ending !== undefined']],
    tests: ['test/plugins/mina/proofs.test.js']
  },
  {
    name: 'Mina: sends to the first node alone',
    file: 'plugins/mina/chain/nodes.js',
    edits: [['this.feeds.map(({ node }) => by(node))', 'this.feeds.slice(0, 1).map(({ node }) => by(node))']],
    tests: [NODES_TEST]
  },
  {
    name: 'Mina: goes by a node that is away',
    file: 'plugins/mina/chain/nodes.js',
    edits: [['Number(b.isWell) - Number(a.isWell)', '0']],
    tests: [NODES_TEST]
  },
  {
    name: 'Mina: goes by the same node when nothing comes of it',
    file: 'plugins/mina/chain/nodes.js',
    edits: [['this.#doubts++', '']],
    tests: [NODES_TEST]
  },
  {
    name: 'Mina: takes for redeemed what one node alone shows',
    file: 'plugins/mina/plans.js',
    edits: [['return seen.every(({ channel })', 'return seen.some(({ channel })']],
    tests: [VIEWS_TEST]
  },
  {
    name: 'Mina: puts in again what a node that lags does not show',
    file: 'plugins/mina/plans.js',
    edits: [['deposit > most ? deposit : most', 'most']],
    tests: [VIEWS_TEST]
  }
]
