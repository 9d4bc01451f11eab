/** Breakages of settlement over payment channels; the adversary notices most of them. */
const CHANNELS = 'plugins/lib/channels/channels.js'
const KNOWN = 'plugins/lib/channels/known-channel.js'
const ATTACKS = 'test/e2e/adversary/attacks.test.js'

const BURIAL = 'test/plugins/lib/channels/burial.test.js'
const WATCHER = 'plugins/lib/channels/watcher.js'
const WATCHING = 'test/plugins/lib/channels/watcher.test.js'
const LOOKUPS = 'test/plugins/lib/channels/channels.test.js'
const CLOSING = 'test/plugins/lib/channels/closing.test.js'

export const settlementMutants = [
  {
    name: 'gives a claim up when one look shows its channel as over',
    file: 'plugins/lib/channels/burial.js',
    edits: [['if (again?.overMs === undefined)', 'if (false)']],
    tests: [BURIAL]
  },
  {
    name: 'uses a channel whose claims are forgotten',
    file: 'plugins/lib/channels/burial.js',
    edits: [['channel.isBuried = true', 'void channel']],
    tests: [BURIAL]
  },
  {
    name: 'answers a close only when nothing else is under way with the channel',
    file: WATCHER,
    edits: [["#beside('defend'", "#beside('look'"]],
    tests: [WATCHING]
  },
  {
    name: 'settles a channel over a claim that the chain refuses now',
    file: WATCHER,
    edits: [['this.#unredeemed(channel) > 0n || !paysOut', '!paysOut']],
    tests: [WATCHING]
  },
  {
    name: 'settles for a payer, as who is only paid',
    file: WATCHER,
    edits: [[' || !paysOut(channel.state))', ')']],
    tests: [WATCHING]
  },
  {
    name: 'brings a claim that the chain refuses at each look',
    file: WATCHER,
    edits: [['return refusal?.status !== status || Date.now() >= refusal.againMs', 'return true']],
    tests: [WATCHING]
  },
  {
    name: 'asks the chain about as many channels as a peer names',
    file: CHANNELS,
    edits: [['known === undefined && !this.#mayLookUp.take()', 'false']],
    tests: [LOOKUPS]
  },
  {
    name: 'looks after as many channels as a peer opens',
    file: CHANNELS,
    edits: [['if (isOurs || this.#hasFreePlace())', 'if (true)']],
    tests: [LOOKUPS]
  },
  {
    name: 'forgets a channel with a claim of ours for another one',
    file: KNOWN,
    edits: [[' && !hasClaims(state.channelId)', '']],
    tests: [LOOKUPS]
  },
  {
    name: 'takes a consent for void in its last second',
    file: CHANNELS,
    edits: [['>= (untilSecs + 1) * 1000', '> untilSecs * 1000']],
    tests: [CLOSING]
  },
  {
    name: 'believes a node that is ahead that a consent is void',
    file: CHANNELS,
    edits: [['Math.min(chainMs, Date.now())', 'chainMs']],
    tests: [CLOSING]
  },
  {
    name: 'takes and makes claims while a consent to the end is out',
    file: CHANNELS,
    edits: [["if (ending !== undefined)\n            return ['Payment", "if (false)\n            return ['Payment"]],
    tests: [ATTACKS]
  },
  {
    name: 'forgets a consent at a restart',
    file: KNOWN,
    edits: [['ending: ending === undefined ? undefined : endingOf(ending)', 'ending: undefined']],
    tests: [ATTACKS]
  },
  {
    name: 'signs a consent before it is on disk',
    file: 'plugins/lib/channels/consent-end.js',
    edits: [['await Promise.all([incoming.save({ sync: true }), channels.end(channel, ending)]);\n        ending', 'ending']],
    tests: [ATTACKS]
  },
  {
    name: 'agrees to an end that pays less than the claims of who asks',
    file: 'plugins/lib/channels/consent-end.js',
    edits: [['if (pays < claimed)', 'if (false)']],
    tests: ['test/plugins/lib/channels/consent-end.test.js']
  },
  {
    name: 'signs away less than its own claims say',
    file: 'plugins/lib/channels/consent-end.js',
    edits: [['consent.pays = max(outgoing.spentOn(state), state.ours.redeemed)', 'consent.pays = state.ours.redeemed']],
    tests: ['test/plugins/lib/channels/consent-end.test.js']
  },
  {
    name: 'takes claims however long the chain was not seen',
    file: CHANNELS,
    edits: [['return Date.now() - seenMs > challengeSecs * 1000 / UNSEEN_PART', 'return false']],
    tests: ['test/plugins/lib/channels/incoming.test.js']
  },
  {
    name: 'puts another deposit into each new channel, however many come to their end',
    file: 'plugins/lib/channels/funding.js',
    edits: [['if (locked.length >= MAX_ENDING)', 'if (false)']],
    tests: ['test/plugins/lib/channels/closing.test.js']
  },
  {
    name: 'lets channels live until anybody may close them',
    file: 'plugins/lib/channels/watcher.js',
    edits: [['|| isOld ||', '||']],
    tests: ['test/plugins/lib/channels/closing.test.js']
  },
  {
    name: 'signs a consent that is good for as long as a node that lies about the time likes',
    file: 'plugins/lib/channels/way-to-end.js',
    edits: [['Math.min(readAtMs, now + AHEAD_MAX_MS)', 'readAtMs']],
    tests: [CLOSING]
  },
  {
    name: 'gives a claim up on one look, whatever the next one shows',
    file: 'plugins/lib/channels/burial.js',
    edits: [['if (again?.overMs === undefined)', 'if (false)']],
    tests: [BURIAL]
  },
  {
    name: 'takes claims above what the peer has put in',
    file: 'plugins/lib/channels/claim-ledger.js',
    edits: [['        if (total > theirs.deposit)\n            throw', '        if (false)\n            throw']],
    tests: ['test/plugins/lib/channels/incoming.test.js']
  },
  {
    name: 'takes claims that somebody else has signed',
    file: 'plugins/lib/channels/claim-ledger.js',
    edits: [['if (signer !== theirs.address)', 'if (false)']],
    tests: ['test/plugins/lib/channels/incoming.test.js']
  },
  {
    name: 'takes claims that take money back',
    file: 'plugins/lib/channels/claim-ledger.js',
    edits: [['if (total < before || !isCovered)', 'if (!isCovered)']],
    tests: ['test/plugins/lib/channels/incoming.test.js']
  },
  {
    name: 'lets one claim pay for packet after packet',
    file: 'plugins/lib/channels/index.js',
    edits: [['            if (!isPaidFor)\n', '            if (true)\n']],
    tests: ['test/plugins/lib/channels/incoming.test.js']
  },
  {
    name: 'lets packets pass that their claims do not pay for',
    file: 'plugins/lib/channels/claim-ledger.js',
    edits: [['if (total < before || !isCovered)', 'if (total < before)']],
    tests: ['test/plugins/lib/channels/incoming.test.js']
  },
  {
    name: 'weighs fees as if all coins had 18 decimals',
    file: 'plugins/lib/channels/watcher.js',
    edits: [['10n ** BigInt(provider.nativeDecimals)', '10n ** 18n']],
    tests: ['test/plugins/lib/channels/closing.test.js']
  },
  {
    name: 'redeems by nonces',
    file: 'plugins/lib/channels/watcher.js',
    edits: [['return (this.#deps.incoming.best(channelId)?.total ?? 0n) - theirs.redeemed', 'const best = this.#deps.incoming.best(channelId);\n        return best === undefined || best.nonce <= theirs.nonce ? 0n : best.total - theirs.redeemed']],
    tests: ['test/plugins/lib/channels/closing.test.js']
  },
  {
    name: 'counts claims again after a restart',
    file: 'plugins/lib/channels/incoming.js',
    edits: [["this.#name = textOf(name, 'name');\n        this.#told = amountOf(told, 'told');", '']],
    tests: [ATTACKS]
  },
  {
    name: 'pays ahead what the peer says that it has used, without bound',
    file: 'plugins/lib/channels/prepaid.js',
    edits: [['prepay(total, this.units.toAccount(this.limit))', 'prepay(total)']],
    tests: [ATTACKS]
  },
  {
    name: 'pays a settlement again after its channel ended, though the peer was paid there',
    file: 'plugins/lib/channels/payments.js',
    edits: [['const rest = to <= paid ? 0n : to - (from > paid ? from : paid);', 'const rest = to - from;']],
    tests: [ATTACKS]
  },
  {
    name: 'takes a settlement for paid whose channel ended while its claim was written',
    file: 'plugins/lib/channels/outgoing.js',
    edits: [['if (!this.#hasPaid(id))', 'if (open().length > 0)']],
    tests: ['test/plugins/lib/channels/histories.test.js']
  },
  {
    name: 'loses what a claim paid ahead that its channel took along',
    file: 'plugins/lib/channels/outgoing.js',
    edits: [['this.#deps.prepaid.unsigned(', 'void (']],
    tests: ['test/plugins/lib/channels/histories.test.js']
  },
  {
    name: 'pays again what a forgotten claim has paid ahead',
    file: 'plugins/lib/channels/outgoing.js',
    edits: [['if (found > 0n)', 'if (found < 0n)']],
    tests: ['test/plugins/lib/channels/sent.test.js']
  },
  {
    name: 'takes claims on a channel whose payee is ending it',
    file: 'plugins/lib/channels/payee-end.js',
    edits: [["channel.ending = { by: 'them', signature: '' };", 'channel.ending = undefined;']],
    tests: ['test/plugins/lib/channels/features.test.js']
  },
  {
    name: 'never takes what the chain has granted',
    file: 'plugins/lib/channels/watcher.js',
    edits: [['waitingIn(channel.state) <= 0n', 'waitingIn(channel.state) >= 0n']],
    tests: ['test/plugins/lib/channels/features.test.js']
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
    edits: [["if (isGone)\n            return ['Unknown", "if (false)\n            return ['Unknown"]],
    tests: [ATTACKS]
  },
  {
    name: 'takes up a shown claim that the deposit does not cover',
    file: 'plugins/lib/channels/claim-ledger.js',
    edits: [['if (!isNews || total > theirs.deposit)', 'if (!isNews)']],
    tests: [ATTACKS]
  },
  {
    name: 'says only at the next look that claims are at stake',
    file: 'plugins/lib/channels/incoming.js',
    edits: [['await this.#deps.beforeMoney();\n            await this.#tell({', 'await this.#tell({']],
    tests: [ATTACKS]
  },
  {
    name: 'keeps a deposit in a channel because the chain does not redeem a claim',
    file: 'plugins/lib/channels/watcher.js',
    edits: [['if (!(error instanceof ChainError && error.isFinal))', 'if (true)']],
    tests: ['test/plugins/lib/channels/closing.test.js']
  },
  {
    name: 'reads one channel after the other, however long the chain does not answer about each',
    file: 'plugins/lib/channels/channels.js',
    edits: [['await withTimeout(reading, NEXT_MS);', 'await reading;']],
    tests: ['test/plugins/lib/channels/channels.test.js']
  },
  {
    name: 'takes a claim on a channel whose end was agreed on',
    file: 'plugins/lib/channels/channels.js',
    edits: [["if (ending !== undefined)\n            return ['Payment channel is being closed', 'T00'];", '']],
    tests: ['test/e2e/money/claims-at-the-end.test.js']
  },
  {
    name: 'removes an account with money in its channels',
    file: 'src/accounts/accounts.js',
    edits: [['if (unsettled.length === 0)\n            return;\n        throw new SluiceError', 'return;\n        throw new SluiceError']],
    tests: ['test/e2e/money/accounts-that-go.test.js']
  },
  {
    name: 'starts without an account that has money in its channels',
    file: 'src/accounts/settlement-index.js',
    edits: [['if (orphans.length === 0)', 'if (true)']],
    tests: ['test/e2e/money/accounts-that-go.test.js']
  },
  {
    name: 'notes what is not settled at the next look only',
    file: 'plugins/lib/channels/incoming.js',
    edits: [['await this.#deps.beforeMoney();\n            await this.#tell({', 'await this.#tell();']],
    tests: ['test/e2e/money/accounts-that-go.test.js']
  },
  {
    name: 'lets two accounts settle with one party',
    file: 'src/accounts/accounts.js',
    edits: [['const otherId = this.partyOwners.get(settlesWith);', 'const otherId = undefined;']],
    tests: ['test/e2e/money/one-party-twice.test.js']
  },
  {
    name: 'lets a removed account listen when its wait for the chain ends',
    file: 'plugins/lib/channels/index.js',
    edits: [["throw new Error('connection aborted')", 'void 0']],
    tests: ['test/plugins/lib/channels/slow-chain.test.js']
  },
  {
    name: 'lets two peers have one address',
    file: 'src/config/node/settlement-addresses.js',
    edits: [['owner !== undefined && owner !== peer.id', 'false']],
    tests: ['test/config/node/settlement-addresses.test.js']
  },
  {
    name: 'uses a channel with the challenge that the peer likes',
    file: 'plugins/lib/channels/channels.js',
    edits: [['return challenge === undefined ? undefined : [challenge];', 'return undefined;']],
    tests: ['test/e2e/money/challenge-period.test.js']
  },
  {
    name: 'stops paying where a channel takes no more',
    file: 'plugins/lib/channels/funding.js',
    edits: [['limit > spent(state)', 'true']],
    tests: ['test/e2e/money/deposit-cap.test.js']
  },
  {
    name: 'takes records of units for those of others',
    file: 'plugins/lib/channels/incoming.js',
    edits: [['if (units.name !== this.#deps.units.name)', 'if (false)']],
    tests: ['test/e2e/money/another-scale.test.js']
  },
  {
    name: 'forgets at a restart what the peer has acknowledged',
    file: 'plugins/lib/channels/claim-sender.js',
    edits: [['await this.save(); // a peer whose records', '// a peer whose records']],
    tests: ['test/e2e/money/restored-backup.test.js']
  },
  {
    name: 'credits again a claim that was acknowledged before a backup',
    file: 'plugins/lib/channels/index.js',
    edits: [['incoming.takeUp(acknowledged)', 'undefined']],
    tests: ['test/e2e/money/restored-backup.test.js']
  },
  {
    name: 'takes a claim on a channel that the chain does not have',
    file: 'plugins/lib/channels/channels.js',
    edits: [["if (isGone)\n            return ['Unknown channel: the chain does not have it'];", '']],
    tests: ['test/e2e/money/another-chain.test.js']
  },
  {
    name: 'forgets the channels of a peer with another key',
    file: 'plugins/lib/channels/pairs.js',
    edits: [['of [...others, ...used])', 'of used)']],
    tests: ['test/e2e/money/another-key.test.js']
  },
  {
    name: 'starts a node under another name',
    file: 'src/node/session.js',
    edits: [['marker.refuseOtherName();', '']],
    tests: ['test/e2e/money/node-peers.test.js']
  },
  {
    name: 'pays back forever what is paid back to it',
    file: 'middlewares/lib/settler.js',
    edits: [['book.incomingHolds + book.prepaid + this.ahead', 'book.incomingHolds + this.ahead']],
    tests: ['test/e2e/money/paid-ahead.test.js']
  },
  {
    name: 'opens a channel beside that of an operator',
    file: 'plugins/lib/channels/funding.js',
    edits: [
      ['const result = this.#last.then(work);', 'const result = work();'],
      ['`open:${channels.opened}`', '`open:${Math.random()}`']
    ],
    tests: ['test/e2e/money/two-opens.test.js']
  },
  {
    name: 'takes records of version 0.1 for those of any peer',
    file: 'plugins/lib/channels/migrate.js',
    edits: [['if (known.length > 0 && !await wasUsedWith(peer))', 'if (false)']],
    tests: ['test/e2e/money/upgrade.test.js']
  },
  {
    name: 'goes on with a channel of version 0.1 whose end is being agreed on',
    file: 'plugins/lib/channels/migrate.js',
    edits: [['Number(channel.frozenUntilMs) > Date.now()', 'false']],
    tests: ['test/plugins/lib/channels/migrate.test.js']
  },
  {
    name: 'starts a node that its operator wants to hide',
    file: 'src/config/node/config-loader.js',
    edits: [['if (foreign.issues.length > 0)', 'if (false)']],
    tests: ['test/config/node/foreign-variables.test.js']
  },
  {
    name: 'leaves out keys of an imported file without a word',
    file: 'src/config/node/import.js',
    edits: [['this.#left.push(problem);', '']],
    tests: ['test/commands/cli/import.test.js']
  },
  {
    name: 'reads claims for other blockchains as its own',
    file: 'plugins/lib/channels/claim-envelope.js',
    edits: [['if (found !== blockchain)', 'if (false)']],
    tests: ['test/e2e/money/foreign-claims.test.js']
  }
]
