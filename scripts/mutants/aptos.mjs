/** Breakages of settlement on Aptos: each would lose money to a peer, to an issuer, or to a node that lags or lies. */
const ATTACKS = ['test/plugins/aptos/attacks.test.js']
const LISTS = ['test/plugins/aptos/channel-lists.test.js']
const CONNECTION = ['test/plugins/aptos/chain/connection.test.js']
const SECOND = ['test/plugins/aptos/chain/second-opinion.test.js']
const CLAIMS = ['test/plugins/aptos/claims.test.js']
const TRANSACTIONS = ['test/plugins/aptos/chain/transactions.test.js']

export const aptosMutants = [
  {
    name: 'Aptos: stays with a node whose blocks are old where there is another one',
    file: 'plugins/aptos/chain/connection.js',
    edits: [['this.#leaveOld(answer, host);', '']],
    tests: ['test/plugins/aptos/chain/several-nodes.test.js']
  },
  {
    name: 'Aptos: stays with a node that does not answer where there is another one',
    file: 'plugins/aptos/chain/rest.js',
    edits: [['this.next(host);', '']],
    tests: ['test/plugins/aptos/chain/several-nodes.test.js']
  },
  {
    name: 'Aptos: reads on where an answer has left channels out of a list',
    file: 'plugins/aptos/channel-lists.js',
    edits: [['listed[0] !== last', 'false']],
    tests: ['test/plugins/aptos/channel-lists.test.js']
  },
  {
    name: 'Aptos: lets a list of channels that are not there move it past those that are',
    file: 'plugins/aptos/channel-lists.js',
    edits: [['refuseOthers(readings, owner);', '']],
    tests: LISTS
  },
  {
    name: 'Aptos: takes one channel that is named often for many',
    file: 'plugins/aptos/channel-lists.js',
    edits: [['theirs.size < readings.length', 'theirs.size === 0 && readings.length > 0']],
    tests: LISTS
  },
  {
    name: 'Aptos: forgets a channel for good that one answer leaves out',
    file: 'plugins/aptos/provider.js',
    edits: [['continue; // one answer', 'await book.done(id); if (state === undefined) continue; // one answer']],
    tests: LISTS
  },
  {
    name: 'Aptos: takes claims under the key that the message names',
    file: 'plugins/aptos/claims.js',
    edits: [['publicKeyIn(claim) === key && isSigned(key,', 'isSigned(publicKeyIn(claim),']],
    tests: CLAIMS
  },
  {
    name: 'Aptos: takes claims for another module',
    file: 'plugins/aptos/claims.js',
    edits: [['canonicalAddress(moduleAddress) !== ours', 'false']],
    tests: CLAIMS
  },
  {
    name: 'Aptos: signs consents before its key is in the channel',
    file: 'plugins/aptos/claims.js',
    edits: [['await source.join(channelId);', '']],
    tests: CLAIMS
  },
  {
    name: 'Aptos: settles with a module that is not the one of this package',
    file: 'plugins/aptos/chain/code-check.js',
    edits: [['if (found === expected)', 'if (true)']],
    tests: ATTACKS
  },
  {
    name: 'Aptos: settles with a module that can be replaced',
    file: 'plugins/aptos/chain/code-check.js',
    edits: [['policy === IMMUTABLE', 'policy > 0']],
    tests: ATTACKS
  },
  {
    name: 'Aptos: counts a deposit that the issuer has taken out',
    file: 'plugins/aptos/chain/channel-state.js',
    edits: [['deposit: theirs.deposit - lackingOf(channel, theirs)', 'deposit: theirs.deposit']],
    tests: ATTACKS
  },
  {
    name: 'Aptos: believes a node that is behind what was acted on',
    file: 'plugins/lib/rpc/progress.js',
    edits: [['if (height < this.#reached.height && !this.#isLie(answer))', 'if (false)']],
    tests: ATTACKS
  },
  {
    name: 'Aptos: takes claims while no new block is seen',
    file: 'plugins/lib/rpc/progress.js',
    edits: [['now - this.#newest.timeMs < ms', 'true']],
    tests: ATTACKS
  },
  {
    name: 'Aptos: believes a version that no chain reaches for good',
    file: 'plugins/aptos/chain/watch.js',
    edits: [['if (isSame)\n            return;', '']],
    tests: CONNECTION
  },
  {
    name: 'Aptos: takes a node that lags for one that another has lied about',
    file: 'plugins/lib/rpc/progress.js',
    edits: [['if (timeMs <= this.#reached.timeMs)', 'if (false)']],
    tests: CONNECTION
  },
  {
    name: 'Aptos: takes blocks from the future',
    file: 'plugins/lib/rpc/progress.js',
    edits: [['if (future !== undefined)', 'if (false)']],
    tests: CONNECTION
  },
  {
    name: 'Aptos: takes the clock of a node for the time, where it is ahead of ours',
    file: 'plugins/aptos/provider.js',
    edits: [['Math.min(timeMs, Date.now())', 'timeMs']],
    tests: CONNECTION
  },
  {
    name: 'Aptos: asks the second node for the deposit alone',
    file: 'plugins/lib/rpc/second-opinion.js',
    edits: [['if (different.length > 0 || shown === undefined)', 'if (shown === undefined)']],
    tests: SECOND
  },
  {
    name: 'Aptos: asks the second node once forever',
    file: 'plugins/lib/rpc/second-opinion.js',
    edits: [['before.deposit >= deposit && ageMs < AGAIN_MS', 'before.deposit >= deposit']],
    tests: SECOND
  },
  {
    name: 'Aptos: believes a second node forever that is away',
    file: 'plugins/lib/rpc/second-opinion.js',
    edits: [['isSame && ageMs < challengeSecs * 1000 / GOOD_PART', 'isSame']],
    tests: SECOND
  },
  {
    name: 'Aptos: does not ask the second node for the key of the peer',
    file: 'plugins/aptos/chain/second-opinion.js',
    edits: [['status, peer, key,', 'status, peer,']],
    tests: SECOND
  },
  {
    name: 'Aptos: takes the trouble with one peer for trouble with all',
    file: 'plugins/aptos/channel-lists.js',
    edits: [['if (trouble !== undefined)', 'for (const trouble of this.#trouble.values())']],
    tests: ['test/plugins/aptos/channel-lists.test.js']
  },
  {
    name: 'Aptos: lets a claim in a token go before the end, because of the price of gas',
    file: 'plugins/aptos/chain/plans.js',
    edits: [['nativePrice === 0n ? 0n', 'asset !== APT ? 0n']],
    tests: ATTACKS
  },
  {
    name: 'Aptos: pays whatever gas costs',
    file: 'plugins/aptos/chain/fees.js',
    edits: [['const price = asked < affordable ? asked : affordable;', 'const price = asked;']],
    tests: ATTACKS
  },
  {
    name: 'Aptos: signs another transaction while the first may still come',
    file: 'plugins/aptos/chain/fate.js',
    edits: [['found === undefined && secs >= expiration)', 'found === undefined)']],
    tests: TRANSACTIONS
  },
  {
    name: 'Aptos: gives two accounts of one key a seat each',
    file: 'plugins/lib/channels/seat.js',
    edits: [['seats.get(name)?.deref() ?? ', '']],
    tests: TRANSACTIONS
  },
  {
    name: 'Aptos: keeps its seat while its node is away',
    file: 'plugins/aptos/chain/transactions.js',
    edits: [['if (Date.now() / 1000 > expiration + OVER_SECS)', 'if (false)']],
    tests: TRANSACTIONS
  },
  {
    name: 'Aptos: signs anew after a crash',
    file: 'plugins/aptos/chain/transactions.js',
    edits: [['if (attempt !== undefined) {', 'if (attempt !== undefined && course.sentMs !== -Infinity) {']],
    tests: TRANSACTIONS
  }
]
