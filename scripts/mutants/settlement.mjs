/** Breakages of settlement over payment channels; the adversary notices most of them. */
const CHANNELS = 'plugins/paychan/channels.js'
const ATTACKS = 'test/adversary/attacks.test.js'

export const settlementMutants = [
  {
    name: 'takes and makes claims while a consent to the end is out',
    file: CHANNELS,
    edits: [['if (ending !== undefined)\n            return new ClaimError', 'if (false)\n            return new ClaimError']],
    tests: [ATTACKS]
  },
  {
    name: 'forgets a consent at a restart',
    file: CHANNELS,
    edits: [['ending: ending === undefined ? undefined : endingOf(ending)', 'ending: undefined']],
    tests: [ATTACKS]
  },
  {
    name: 'signs a consent before it is on disk',
    file: 'plugins/paychan/closing.js',
    edits: [['await Promise.all([incoming.save({ sync: true }), channels.end(channel, ending)]);\n        ending', 'ending']],
    tests: [ATTACKS]
  },
  {
    name: 'counts claims again after a restart',
    file: 'plugins/paychan/incoming.js',
    edits: [["this.#name = textOf(name, 'name');\n        this.#told = amountOf(told, 'told');", '']],
    tests: [ATTACKS]
  },
  {
    name: 'pays ahead what the peer says that it has used, without bound',
    file: 'plugins/paychan/prepaid.js',
    edits: [['prepay(total, this.units.toAccount(this.limit))', 'prepay(total)']],
    tests: [ATTACKS]
  },
  {
    name: 'pays a settlement again after its channel ended, though the peer was paid there',
    file: 'plugins/paychan/payments.js',
    edits: [['const rest = to <= paid ? 0n : to - (from > paid ? from : paid);', 'const rest = to - from;']],
    tests: [ATTACKS]
  },
  {
    name: 'uses a channel with any challenge',
    file: CHANNELS,
    edits: [['if (challengeSecs >= least && challengeSecs <= CHALLENGE_FACTOR * least)', 'if (true)']],
    tests: [ATTACKS]
  },
  {
    name: 'uses a channel that the chain does not have',
    file: CHANNELS,
    edits: [['if (isGone)\n            return new ClaimError', 'if (false)\n            return new ClaimError']],
    tests: [ATTACKS]
  },
  {
    name: 'takes up a shown claim that the deposit does not cover',
    file: 'plugins/paychan/tally.js',
    edits: [['if (!isNews || amount > theirs.deposit)', 'if (!isNews)']],
    tests: [ATTACKS]
  },
  {
    name: 'says only at the next look that claims are at stake',
    file: 'plugins/paychan/incoming.js',
    edits: [['await this.#deps.beforeMoney();', '']],
    tests: [ATTACKS]
  },
  {
    name: 'keeps a deposit in a channel because the chain does not redeem a claim',
    file: 'plugins/paychan/watcher.js',
    edits: [['if (!(error instanceof ChainError && error.isFinal))', 'if (true)']],
    tests: ['test/plugins/paychan/closing.test.js']
  }
]
