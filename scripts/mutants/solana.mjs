/** Breakages of what is done on Solana. */
const PROVIDER_TEST = ['test/plugins/solana/provider.test.js']
const HOSTILE_NODE_TEST = ['test/plugins/solana/hostile-node.test.js']
const SIGNATURES = 'plugins/lib/keys/strict-ed25519.js'

export const solanaMutants = [
  {
    name: 'spends its SOL on a Solana node that calls every transaction failed',
    file: 'plugins/solana/chain/transactions.js',
    edits: [['if (failures < 2)', 'if (true)']],
    tests: ['test/plugins/solana/provider.test.js']
  },
  {
    name: 'takes signatures of Ed25519 as OpenSSL does',
    file: SIGNATURES,
    edits: [['!SMALL_ORDER.has(y)', 'true']],
    tests: ['test/plugins/solana/ed25519.test.js']
  },
  {
    name: 'takes a nonce point of Ed25519 of small order',
    file: SIGNATURES,
    edits: [['!isGoodPoint(signature.subarray(0, 32))', 'false']],
    tests: ['test/plugins/solana/ed25519.test.js']
  },
  {
    name: 'believes a Solana node that is behind',
    file: 'plugins/solana/chain/reader.js',
    edits: [['answer !== undefined && fault === undefined', 'answer !== undefined']],
    tests: PROVIDER_TEST
  },
  {
    name: 'lets one answer with a slot and a time of years to come stop the reading of accounts of Solana for good',
    file: 'plugins/lib/clocks.js',
    edits: [['Math.min(timeMs, Date.now() + AHEAD_MS)', 'timeMs']],
    tests: ['test/plugins/solana/chain/reader.test.js']
  },
  {
    name: 'believes a Solana node of another cluster',
    file: 'plugins/solana/chain/connection.js',
    edits: [['found === expected', 'true']],
    tests: PROVIDER_TEST
  },
  {
    name: 'uses a Solana program that somebody can replace',
    file: 'plugins/solana/chain/program-check.js',
    edits: [['header.readUInt8(AUTHORITY_AT) === 0', 'true']],
    tests: PROVIDER_TEST
  },
  {
    name: 'believes a Solana node that refused to name its cluster',
    file: 'plugins/solana/chain/connection.js',
    edits: [['catch (error) {\n                this.#isUnsure = true', 'catch (error) {\n                this.#isUnsure = false']],
    tests: HOSTILE_NODE_TEST
  },
  {
    name: 'believes a slot that no cluster reaches forever',
    file: 'plugins/lib/rpc/progress.js',
    edits: [['if (performance.now() - this.#doubtedMs < DOUBT_MS)', 'if (true)']],
    tests: HOSTILE_NODE_TEST
  },
  {
    name: 'takes an account of Solana in another form for none',
    file: 'plugins/solana/chain/reader.js',
    edits: [['}).nullable())', '}).nullable().catch(null))']],
    tests: HOSTILE_NODE_TEST
  },
  {
    name: 'pays any rent that a Solana node asks for',
    file: 'plugins/solana/chain/plans.js',
    edits: [['lamports <= MOST_RENT', 'true']],
    tests: HOSTILE_NODE_TEST
  },
  {
    name: 'cannot say what a channel of Solana has paid where the logs are cut',
    file: 'plugins/solana/chain/ended.js',
    edits: [['withdrawn === undefined ? !isCut', 'withdrawn === undefined ? true']],
    tests: HOSTILE_NODE_TEST
  },
  {
    name: 'pays the rent of the account that a peer of Solana closes again and again',
    file: 'plugins/solana/chain/plans.js',
    edits: [['parties[opener === 0 ? 0 : 1] === address', 'true']],
    tests: ['test/plugins/solana/attacks.test.js']
  },
  {
    name: 'takes a claim on what is not finalized on Solana',
    file: 'plugins/solana/provider.js',
    edits: [["const commitment = finality === 'latest' ? 'confirmed' : this.#commitment;", "const commitment = 'confirmed';"]],
    tests: ['test/plugins/solana/attacks.test.js']
  }
]
