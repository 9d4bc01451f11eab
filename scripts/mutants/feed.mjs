/** Breakages of the explorer's feed: what it counts, whom it tells, and what it must leave alone. */
const COUNTS = 'src/explorer/counts.js'
const FEED = 'src/explorer/feed.js'
const PACKETS = 'src/explorer/packets.js'
const TRACE = 'src/pipeline/packet-observers.js'
const OF_PACKETS = ['test/explorer/packets.test.js']
const OF_NOTICES = ['test/explorer/notices.test.js']

export const feedMutants = [
  {
    name: 'counts only the packets that the explorer follows',
    file: PACKETS,
    edits: [['this.parts.counts.answered({', 'if (packet.isDetailed) this.parts.counts.answered({']],
    tests: OF_PACKETS
  },
  {
    name: 'follows every packet, however many there are',
    file: 'src/explorer/budget.js',
    edits: [['this.#taken >= perSecond', 'this.#taken < 0']],
    tests: OF_PACKETS
  },
  {
    name: 'tells of every packet that is rejected',
    file: PACKETS,
    edits: [['this.#rejects.take(audience', 'Boolean(audience']],
    tests: OF_PACKETS
  },
  {
    name: 'shows the data of packets to those who look on',
    file: PACKETS,
    edits: [['return this.parts.payloads ?', 'return true ?']],
    tests: OF_PACKETS
  },
  {
    name: 'names the last step that a packet passed as the one that refused it',
    file: TRACE,
    edits: [['this.refusal ??= { by: step', 'this.refusal = { by: step']],
    tests: OF_PACKETS
  },
  {
    name: 'blames a step of this node for what another one has rejected',
    file: 'src/pipeline/followed.js',
    edits: [['trace.refusedElsewhere()', 'trace.refused(name, accountId)']],
    tests: OF_PACKETS
  },
  {
    name: 'counts a packet at its next hop as it was answered here',
    file: COUNTS,
    edits: [['if (isPaid) {\n            target.sent.fulfilled++', 'if (isFulfilled) {\n            target.sent.fulfilled++']],
    tests: ['test/explorer/counts.test.js']
  },
  {
    name: 'calls earned what was exchanged for another asset',
    file: COUNTS,
    edits: [['if (isSameAsset(source.asset, target.asset))', 'if (source !== undefined)']],
    tests: ['test/explorer/counts.test.js']
  },
  {
    name: 'names every account in every second',
    file: COUNTS,
    edits: [['if (accounts.length <= ACCOUNTS_NAMED_MAX)', 'if (accounts.length > 0)']],
    tests: ['test/explorer/counts.test.js']
  },
  {
    name: 'lets a listener that throws keep events from the others',
    file: FEED,
    edits: [['this.#complain(event.type, error)', 'throw error']],
    tests: ['test/explorer/feed.test.js']
  },
  {
    name: 'tells of each of ten thousand routes',
    file: FEED,
    edits: [['return count <= NOTICES_PER_SECOND;', 'return true;']],
    tests: ['test/explorer/feed.test.js', 'test/explorer/notices.test.js']
  },
  {
    name: 'tells the history of every second',
    file: FEED,
    edits: [["this.#tell(second, 'live')", 'this.#tell(second)']],
    tests: OF_PACKETS
  },
  {
    name: 'tells of a balance that has not changed',
    file: 'src/explorer/balances.js',
    edits: [['if (this.#told.get(accountId) === said)', 'if (said === "")']],
    tests: OF_NOTICES
  },
  {
    name: 'quotes the secrets of a plugin that cannot settle to the explorer',
    file: 'src/lib/settlement-line.js',
    edits: [['errorMessage: hideSecrets(describeError(error), account.options)', 'errorMessage: describeError(error)']],
    tests: OF_NOTICES
  },
  {
    name: 'takes the channels of a node that starts for new ones',
    file: 'src/explorer/channel-notices.js',
    edits: [['if (before === undefined || isFresh(counts, before.counts))\n            return;', 'if (before === undefined) { for (const channel of channels) this.#tellOfChannel(accountId, channel, undefined); return; }']],
    tests: OF_NOTICES
  },
  {
    name: 'asks all accounts for their channels every second',
    file: 'src/explorer/channel-notices.js',
    edits: [['LOOKS_PER_SECOND)])].slice(0, LOOKS_PER_SECOND)', 'LOOKS_PER_SECOND)])]']],
    tests: OF_NOTICES
  }
]
