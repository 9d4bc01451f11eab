/** Breakages of what goes through a SOCKS proxy: names that are resolved here, ways past the proxy, and texts that tell who the peer is. */
const AGENT = 'src/lib/socks-agent.js'
const AGENT_TEST = 'test/lib/socks-agent.test.js'
const CLIENT = 'plugins/btp/client.js'
const CLIENT_TEST = 'test/plugins/btp/socks-proxy.test.js'
const OVERLAY = 'src/node/overlay.js'
const CIRCUITS = 'src/node/circuits.js'
const NODE_TEST = 'test/node/overlay.test.js'
const MANAGED = 'src/node/managed-proxy.js'
const MANAGED_TEST = 'test/node/managed-proxy.test.js'
const TRANSPORT = 'src/config/node/transport.js'
const CONFIG_TEST = 'test/config/node/transport.test.js'

export const transportMutants = [
  {
    name: 'leaves what it was dialling open',
    file: AGENT,
    edits: [['for (const socket of this.#dialling)\n            socket.destroy();', '']],
    tests: [AGENT_TEST, CLIENT_TEST]
  },
  {
    name: 'shows a proxy no credentials, so that all peers share a circuit',
    file: AGENT,
    edits: [['user !== undefined', 'false']],
    tests: [AGENT_TEST, CLIENT_TEST]
  },
  {
    name: 'dials a peer past its proxy',
    file: CLIENT,
    edits: [['(agent !== undefined && { agent })', '({})']],
    tests: [CLIENT_TEST]
  },
  {
    name: 'tells in the log which hidden service it cannot reach',
    file: CLIENT,
    edits: [['return withoutOverlayNames(this.#options.url.host)', 'return this.#options.url.host']],
    tests: [CLIENT_TEST]
  },
  {
    name: 'gives a circuit no more time than a direct connection',
    file: CLIENT,
    edits: [['proxy === undefined ? ATTEMPT_TIMEOUT_MS : PROXIED_ATTEMPT_TIMEOUT_MS', 'ATTEMPT_TIMEOUT_MS']],
    tests: [CLIENT_TEST]
  },
  {
    name: 'asks a resolver for the name of a hidden service',
    file: 'plugins/btp/options.js',
    edits: [['isOverlayHost(url.hostname)', 'false']],
    tests: [CLIENT_TEST]
  },
  {
    name: 'asks the nodes of a chain past the proxy',
    file: 'plugins/lib/rpc/node-client.js',
    edits: [['if (this.#proxied !== undefined)', 'if (this.#proxied === null)']],
    tests: ['test/plugins/lib/rpc/post.test.js']
  },
  {
    name: 'asks price services past the proxy',
    file: 'backends/lib/fetch-text.js',
    edits: [['agentFor(url, socksProxy, timeoutMs)', 'agentFor(url, undefined, timeoutMs)']],
    tests: ['test/backends/lib/fetch-text.test.js']
  },
  {
    name: 'knocks at a BTP port directly before it sends a packet through a proxy',
    file: 'src/commands/cli/transports.js',
    edits: [['if (proxy === undefined)', 'if (true)']],
    tests: ['test/commands/cli/transports.test.js']
  },
  {
    name: 'asks the nodes of a chain over a new connection each time',
    file: 'plugins/lib/rpc/post.js',
    edits: [['keptMax: KEPT_MAX', 'keptMax: 0']],
    tests: ['test/plugins/lib/rpc/post.test.js']
  },
  {
    name: 'opens as many connections to the nodes of a chain as there are calls',
    file: 'plugins/lib/rpc/post.js',
    edits: [['if (this.#free > 0)', 'if (true)']],
    tests: ['test/plugins/lib/rpc/post.test.js']
  },
  {
    name: 'follows accounts of Solana past the proxy',
    file: 'plugins/solana/chain/socket.js',
    edits: [['(this.#agent !== undefined && { agent: this.#agent })', '({})']],
    tests: ['test/e2e/settlement/proxied-chains.test.js']
  },
  {
    name: 'asks the second node of Solana past the proxy',
    file: 'plugins/solana/chain/second-opinion.js',
    edits: [['{ url, socksProxy, timeoutMs }', '{ url, timeoutMs }']],
    tests: ['test/plugins/solana/provider.test.js']
  },
  {
    name: 'asks servers of the XRP Ledger past the proxy',
    file: 'plugins/xrp/ledger/connection.js',
    edits: [['(agent !== undefined && { agent })', '({})']],
    tests: ['test/e2e/settlement/proxied-chains.test.js']
  },
  {
    name: 'lets the SDK of the XRP Ledger connect again by itself',
    file: 'plugins/xrp/ledger/connection.js',
    edits: [['queueMicrotask(() => { this.#hangUp(line); });', '']],
    tests: ['test/e2e/settlement/proxied-chains.test.js']
  },
  {
    name: 'asks the nodes of a chain directly although they are to be asked through the proxy',
    file: CIRCUITS,
    edits: [["transport !== 'socks5'", 'true']],
    tests: ['test/config/node/chains.test.js']
  },
  {
    name: 'starts a node whose proxy does not answer',
    file: OVERLAY,
    edits: [['if (trouble !== undefined) {', 'if (trouble === null) {']],
    tests: [NODE_TEST]
  },
  {
    name: 'dials the peers of a node past its proxy',
    file: CIRCUITS,
    edits: [["ofNode.type === 'direct' || transport === 'direct'", 'true']],
    tests: [NODE_TEST]
  },
  {
    name: 'puts all peers of a node on one circuit',
    file: CIRCUITS,
    edits: [['.update(name)', ".update('')"]],
    tests: [NODE_TEST]
  },
  {
    name: 'shows a proxy the names of peers',
    file: CIRCUITS,
    edits: [['url.username = credentials.slice(0, 32)', 'url.username = name']],
    tests: [NODE_TEST]
  },
  {
    name: 'goes on dialling a peer directly that is to be dialled through a proxy',
    file: 'src/config/node/settlement-chains.js',
    edits: [['a.transport === b.transport', 'true']],
    tests: [NODE_TEST]
  },
  {
    name: 'keeps too little of the time of a packet for an overlay',
    file: 'src/node/connector-options.js',
    edits: [["config.transport.type === 'socks5' ? OVERLAY_MESSAGE_WINDOW_MS : MESSAGE_WINDOW_MS", 'MESSAGE_WINDOW_MS']],
    tests: [NODE_TEST]
  },
  {
    name: 'never asks again how a proxy is',
    file: OVERLAY,
    edits: [['this.#probes = setInterval(', 'void (']],
    tests: [NODE_TEST]
  },
  {
    name: 'tells the name of a hidden service that nobody has reached',
    file: OVERLAY,
    edits: [['if (trouble === undefined) {', 'if (trouble !== null) {']],
    tests: [MANAGED_TEST]
  },
  {
    name: 'gives a proxy that it runs the keys of the node',
    file: MANAGED,
    edits: [['ENVIRONMENT.flatMap(', 'Object.keys(process.env).flatMap(']],
    tests: [MANAGED_TEST]
  },
  {
    name: 'kills a proxy without asking it to end',
    file: MANAGED,
    edits: [["child.kill('SIGTERM');\n", '']],
    tests: [MANAGED_TEST]
  },
  {
    name: 'does not start a proxy again',
    file: MANAGED,
    edits: [['this.#restarting = this.#restart(files)', 'void files']],
    tests: [MANAGED_TEST]
  },
  {
    name: 'takes over what is at the port of the proxy that it is to run',
    file: MANAGED,
    edits: [['await proxyTrouble(socks, PROBE_MS) === undefined', 'false']],
    tests: [MANAGED_TEST]
  },
  {
    name: 'ends the process of somebody else',
    file: MANAGED,
    edits: [[".split('\\0').includes(settings)", '.length > 0']],
    tests: [MANAGED_TEST]
  },
  {
    name: 'takes any hidden service for the configured one',
    file: 'src/node/proxy-files.js',
    edits: [['serviceId === undefined || serviceId === found', 'true']],
    tests: [MANAGED_TEST]
  },
  {
    name: 'repeats hidden services and credentials in the faults of a configuration',
    file: 'src/lib/socks-proxy.js',
    edits: [["text.replace(CREDENTIALS, '<redacted>@').replace(OVERLAY_NAME, '<redacted>')", 'text']],
    tests: [CONFIG_TEST]
  },
  {
    name: 'takes a section without a type for direct, whatever else it says',
    file: TRANSPORT,
    edits: [['given.type === undefined && others.length > 0', 'false']],
    tests: [CONFIG_TEST]
  },
  {
    name: 'opens the BTP port of a hidden node to everybody',
    file: TRANSPORT,
    edits: [["given.type === 'socks5' && given.managed === true && hasHiddenService(given)", 'false']],
    tests: [CONFIG_TEST]
  }
]
