/** Breakages of what programs for agent connectors rely on in a node. */
const PEERS = 'test/node/peers.test.js'
const SWAP = 'test/contracts/programs/swap.test.js'

export const nodeMutants = [
  {
    name: 'routes any address to a child',
    file: 'src/config/node/relations.js',
    edits: [['own.some(address => address !== prefix && isBelow(address, prefix))', 'true']],
    tests: [PEERS]
  },
  {
    name: 'dials a URL with btp+ as it is written',
    file: 'src/config/node/peer.js',
    edits: [["url.replace(/^btp\\+/, '')", 'url']],
    tests: [PEERS]
  },
  {
    name: 'lists a peer that has lost its account',
    file: 'src/node/registrations.js',
    edits: [['this.host.peers.delete(before.id)', 'void 0']],
    tests: ['test/node/registrations.test.js']
  },
  {
    name: 'forgets at a restart what a peer with payment channels was registered as last',
    file: 'src/node/registrations.js',
    edits: [['this.host.session()?.notePeers()', 'void 0']],
    tests: ['test/e2e/money/node-peers.test.js']
  },
  {
    name: 'takes changes over HTTP while the node stops',
    file: 'src/node/registrations.js',
    edits: [['refusal !== undefined', 'false']],
    tests: ['test/node/registrations.test.js']
  },
  {
    name: 'keeps what a guest is to the node over a stop',
    file: 'src/node/peers.js',
    edits: [['this.#guestRelations.clear()', 'void 0']],
    tests: ['test/node/registrations.test.js']
  },
  {
    name: 'releases the settlement address of a peer before its new account is there',
    file: 'src/node/peers.js',
    edits: [['const shared = this.#settling.take(peer)', 'const shared = this.#settling.take(peer, before)']],
    tests: ['test/node/registrations.test.js']
  },
  {
    name: 'opens a token again at each change of the peer',
    file: 'src/config/node/peer.js',
    edits: [['return secretIn(secret) === secret', 'return true']],
    tests: ['test/node/peers.test.js']
  },
  {
    name: 'does not tell a handler where a packet came from',
    file: 'src/node/connector-node.js',
    edits: [['this.#handler?.(request, request.sourcePeer)', "this.#handler?.(request, 'unknown')"]],
    tests: [SWAP]
  },
  {
    name: 'takes a fee without a section settlement',
    file: 'src/config/node/config-loader.js',
    edits: [['feePercentage: 0, feeReason: \'there is no section', 'feePercentage: FEE_PERCENTAGE, feeReason: \'there is no section']],
    tests: ['test/e2e/node/fees.test.js', 'test/contracts/programs/sdk.test.js']
  },
  {
    name: 'leaves the condition to the sender of a handler',
    file: 'src/admin/node/packets.js',
    edits: [['computeConditionFromData(bytes).condition', 'undefined']],
    tests: ['test/admin/node/packets.test.js']
  },
  {
    name: 'takes a rate that contradicts the others',
    file: 'src/lib/rate-table.js',
    edits: [['return isSame(known, price)\n', 'return true\n']],
    tests: ['test/lib/rate-table.test.js']
  },
  {
    name: 'exchanges two assets without a rate one to one',
    file: 'backends/fixed-rates.js',
    edits: [['const rate = this.table.between(from, to)', 'const rate = this.table.between(from, to) ?? ONE']],
    tests: ['test/backends/fixed-rates.test.js']
  },
  {
    name: 'starts with two assets and no rate between them',
    file: 'src/config/node/assets.js',
    edits: [['chainFault(peer, config) ?? rateFault(peer, config)', 'chainFault(peer, config)']],
    tests: ['test/config/node/assets.test.js', 'test/e2e/node/assets.test.js']
  },
  {
    name: 'starts with an asset that its backend does not know',
    file: 'src/node/session.js',
    edits: [['await this.#judgeRates()', 'void 0']],
    tests: ['test/node/rates.test.js']
  },
  {
    name: 'lets a peer owe the amount of another scale',
    file: 'src/config/node/assets.js',
    edits: [['rescaled(BigInt(amount), scale, own.scale)', 'BigInt(amount)']],
    tests: ['test/config/node/assets.test.js']
  },
  {
    name: 'counts what is exchanged as a fee',
    file: 'src/node/traffic.js',
    edits: [['this.#addFees(from, -amount)', 'void 0']],
    tests: ['test/node/traffic.test.js']
  },
  {
    name: 'tells a child the asset of the node in the place of its own',
    file: 'src/forwarding/peer-protocols.js',
    edits: [['const { relation, assetCode, assetScale } = this.accounts.getInfo(accountId)',
      "const { relation, assetCode, assetScale } = { ...this.accounts.getInfo(accountId), ...this.accounts.getInfo('local') }"]],
    tests: ['test/e2e/node/assets.test.js']
  }
]
