/** Breakages of what goes through a SOCKS proxy: names that are resolved here, ways past the proxy, and texts that tell who the peer is. */
const AGENT = 'plugins/lib/transport/socks-agent.js'
const AGENT_TEST = 'test/plugins/lib/transport/socks-agent.test.js'
const CLIENT = 'plugins/btp/client.js'
const CLIENT_TEST = 'test/plugins/btp/socks-proxy.test.js'

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
  }
]
