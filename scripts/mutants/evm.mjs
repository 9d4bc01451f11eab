/** Breakages of what is done on an EVM chain, and of the contract. */
export const CONTRACTS = 'plugins/evm/contracts'
const TOKEN_NETWORK = `${CONTRACTS}/TokenNetwork.sol`
const EVM_TRANSACTIONS = 'plugins/evm/chain/transactions.js'
const EVM_FEED = 'plugins/evm/chain/feed.js'
const EVM_CHECKS = 'plugins/evm/chain/state-checks.js'

export const evmMutants = [
  {
    name: 'EVM: believes a block of the future, and takes all that come later for old ones',
    file: 'plugins/evm/chain/heads.js',
    edits: [['if (future !== undefined)', 'if (false)']],
    tests: ['test/plugins/evm/chain/heads.test.js']
  },
  {
    name: 'EVM: takes logs of blocks for read that turn out to be others',
    file: EVM_FEED,
    edits: [['this.#reader.unread(anchor.number)', '{ }']],
    tests: ['test/plugins/evm/chain/log-reader.test.js']
  },
  {
    name: 'EVM: takes logs of blocks for read that a node has made up',
    file: 'plugins/evm/chain/log-reader.js',
    edits: [['this.unread(head + 1);', '{ }']],
    tests: ['test/plugins/evm/chain/log-reader.test.js']
  },
  {
    name: 'takes a transaction for final as soon as it is mined',
    file: EVM_TRANSACTIONS,
    edits: [['mined.blockNumber <= heads.confirmedAt(head)', 'true']],
    tests: ['test/plugins/evm/chain/transactions.test.js']
  },
  {
    name: 'signs a transaction anew because the node does not show the first',
    file: EVM_TRANSACTIONS,
    edits: [['if (Date.now() - looks.lostSinceMs < this.#options.stuckMs)', 'if (false)']],
    tests: ['test/plugins/evm/chain/transactions.test.js']
  },
  {
    name: 'stops following the market of fees after a dozen offers',
    file: EVM_TRANSACTIONS,
    edits: [['operation.attempts.length < MAX_ATTEMPTS', 'operation.attempts.length < 12']],
    tests: ['test/plugins/evm/chain/fees.test.js']
  },
  {
    name: 'forgets transactions that another has replaced',
    file: EVM_TRANSACTIONS,
    edits: [["...replaced.map(other => ({ ...other, raw: '' })), attempt", 'attempt']],
    tests: ['test/plugins/evm/chain/fees.test.js']
  },
  {
    name: 'lets an event log that fails hide the channels that are known',
    file: EVM_FEED,
    edits: [['catch (error) {\n            if (!this.#isBlind) {', 'catch (error) {\n            if (error) throw error;\n            if (!this.#isBlind) {']],
    tests: ['test/plugins/evm/chain/log-reader.test.js']
  },
  {
    name: 'follows channels by the event log only',
    file: EVM_CHECKS,
    edits: [['if (channelIds.size === 0)', 'if (channelIds.size >= 0)']],
    tests: ['test/plugins/evm/chain/log-reader.test.js']
  },
  {
    name: 'asks the chain for each peer by itself',
    file: 'plugins/lib/channels/watcher.js',
    edits: [["'watched'", "'now'"]],
    tests: ['test/e2e/settlement/idle-peers.test.js']
  },
  {
    name: 'tells a state that was read before an event',
    file: 'plugins/evm/channel-log.js',
    edits: [['followed.known = {};\n            followed.status', 'followed.status']],
    tests: ['test/plugins/evm/chain/feed.test.js']
  },
  {
    name: 'takes any state that was read for the one that the chain confirms',
    file: 'plugins/evm/channel-log.js',
    edits: [['known => known.digest === digest', '() => true']],
    tests: ['test/plugins/evm/chain/feed.test.js']
  },
  {
    name: 'tells a state for as long as nobody says that it is another',
    file: EVM_CHECKS,
    edits: [['this.#mark.look - look <= (', '0 <= (']],
    tests: ['test/plugins/evm/chain/feed.test.js']
  },
  {
    name: 'looks at the states only now and then when blocks were replaced',
    file: EVM_FEED,
    edits: [['if (isNew && !await this.#isSameChain(head))', 'if (false)']],
    tests: ['test/plugins/evm/chain/feed.test.js']
  },
  {
    name: 'tells what it knew while the chain cannot be looked at',
    file: EVM_FEED,
    edits: [['isGood(mark) {\n        this.check();', 'isGood(mark) {']],
    tests: ['test/plugins/evm/chain/feed.test.js', 'test/plugins/evm/channel-provider.test.js']
  },
  {
    name: 'reads the events of a block only when the block is new',
    file: EVM_FEED,
    edits: [['this.heads.confirmedAt(head), REREAD_BLOCKS)', 'this.heads.confirmedAt(head), 0)']],
    tests: ['test/plugins/evm/chain/feed.test.js']
  },
  {
    name: 'goes on with the records of another contract',
    file: 'plugins/evm/chain/remembered.js',
    edits: [['if (found !== network.address)', 'if (false)']],
    tests: ['test/plugins/evm/chain/remembered.test.js']
  },
  {
    name: 'takes a token of which not all arrives',
    file: 'plugins/evm/chain/token-check.js',
    edits: [["isTaken === true && lost === amount && arrived === amount ? 'whole' : 'partial'", "'whole'"]],
    tests: ['test/plugins/evm/chain/token-check.test.js']
  },
  {
    name: 'sends a transaction that is not kept',
    file: 'plugins/lib/channels/operation-store.js',
    edits: [['await this.#write();', 'this.#write().catch(() => undefined);']],
    tests: ['test/plugins/evm/chain/transactions.test.js']
  },
  {
    name: 'believes a node that fell behind',
    file: 'plugins/evm/chain/heads.js',
    edits: [['behind > TOLERATED_BLOCKS', 'behind > Infinity']],
    tests: ['test/plugins/evm/provider.test.js']
  },
  {
    name: 'counts what the chain may take back',
    file: 'plugins/evm/provider.js',
    edits: [["finality === 'latest' ? 'latest' : this.#heads.confirmedAt(head)", "'latest'"]],
    tests: ['test/plugins/evm/provider.test.js']
  },
  {
    name: 'ends a channel with a consent that is void',
    file: TOKEN_NETWORK,
    edits: [['if (block.timestamp > validUntil) revert CloseConsentExpired();', '']],
    tests: ['test/plugins/evm/contracts-consent.test.js']
  },
  {
    name: 'ends a channel with the consent of who brings it',
    file: TOKEN_NETWORK,
    edits: [['least, validUntil)), consent, other)', 'least, validUntil)), consent, msg.sender)']],
    tests: ['test/plugins/evm/contracts-consent.test.js']
  },
  {
    name: 'ends a channel with a consent of any role',
    file: TOKEN_NETWORK,
    edits: [['CLOSE_CONSENT_TYPEHASH, channelId, other, least', 'CLOSE_CONSENT_TYPEHASH, channelId, msg.sender, least']],
    tests: ['test/plugins/evm/contracts-consent.test.js']
  },
  {
    name: 'counts a proof again that was redeemed',
    file: TOKEN_NETWORK,
    edits: [['if (proof.nonce <= state.nonce || proof.transferredAmount', 'if (proof.transferredAmount']],
    tests: ['test/plugins/evm/contracts-consent.test.js', 'test/plugins/evm/contracts-model.test.js']
  },
  {
    name: 'lets a proof that was redeemed stop the end of a channel',
    file: TOKEN_NETWORK,
    edits: [['if (proof.nonce <= state.nonce || proof.transferredAmount', 'if (proof.nonce <= state.nonce) revert InvalidNonce();\n        if (proof.transferredAmount']],
    tests: ['test/plugins/evm/contracts-consent.test.js']
  },
  {
    name: 'takes back at the end of a channel what was redeemed',
    file: TOKEN_NETWORK,
    edits: [
      ['if (total <= claimed) return 0;', ''],
      ['return total - claimed;', 'unchecked { return total - claimed; }'],
      ['toCaller += participants[channelId][msg.sender].deposit - claimedAmounts[channelId][other];', 'unchecked { toCaller += participants[channelId][msg.sender].deposit - claimedAmounts[channelId][other]; }'],
      ['toOther += participants[channelId][other].deposit - claimedAmounts[channelId][msg.sender];', 'unchecked { toOther += participants[channelId][other].deposit - claimedAmounts[channelId][msg.sender]; }']
    ],
    tests: ['test/plugins/evm/contracts-consent.test.js']
  }
]
