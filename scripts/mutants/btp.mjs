/** Breakages of BTP connections that break and come back. */
const EXCHANGE = 'plugins/btp/wire/exchange.js'
const BROKEN_CONNECTIONS = 'test/plugins/btp/broken-connections.test.js'
const CUTS = 'test/plugins/btp/cuts.test.js'

export const btpMutants = [
  {
    name: 'compares tokens of peers with ===',
    file: 'plugins/btp/auth.js',
    edits: [['timingSafeEqual(digest(token), expected)', "digest(token).toString('hex') === expected.toString('hex')"]],
    tests: ['test/architecture/constant-time.test.js']
  },
  {
    name: 'closes all sockets in one turn when their peers hang up',
    file: 'plugins/btp/wire/end-in-turns.js',
    edits: [['if (left === 0)', 'if (left === -Infinity)']],
    tests: ['test/plugins/btp/wire/end-in-turns.test.js']
  },
  {
    name: 'keeps what was written until thousands have come',
    file: 'plugins/btp/wire/turn-end.js',
    edits: [['performance.now() - since > LONG_TURN_MS', 'false']],
    tests: ['test/plugins/btp/wire/turn-end.test.js']
  },
  {
    name: 'drops an answer with the socket of its request',
    file: EXCHANGE,
    edits: [['this.#sendAgain(line, this.#lostAfter);', '']],
    tests: [BROKEN_CONNECTIONS, CUTS]
  },
  {
    name: 'takes an answer for arrived that was only written',
    file: EXCHANGE,
    edits: [['Math.min(this.#lostAfter, line.arrived)', 'Math.min(this.#lostAfter, this.answers)'], ['this.#sendAgain(other, line.arrived)', 'void other']],
    tests: [BROKEN_CONNECTIONS, CUTS]
  },
  {
    name: "takes an answer from another account's socket",
    file: EXCHANGE,
    edits: [['this.#pending = new PendingRequests(', 'this.#pending = globalThis.pendingOfAll ??= new PendingRequests(']],
    tests: [BROKEN_CONNECTIONS]
  },
  {
    name: 'lets one guest answer for another',
    file: 'plugins/btp/connections.js',
    edits: [['!isSameSession(guest.knownBy, knownBy)', 'false']],
    tests: ['test/plugins/btp/connections.test.js']
  },
  {
    name: 'says T01 where nobody knows the outcome',
    file: EXCHANGE,
    edits: [["asking.reject(new IlpError('R00', message))", "asking.reject(new IlpError('T01', message))"]],
    tests: [BROKEN_CONNECTIONS, CUTS]
  },
  {
    name: 'carries out a request that comes again',
    file: EXCHANGE,
    edits: [['if (answer === undefined)', 'if (true)']],
    tests: ['test/plugins/btp/wire/exchange.test.js']
  },
  {
    name: 'refuses a request that comes again, and is under way',
    file: 'plugins/btp/wire/early-reject.js',
    edits: [['if (this.options.isKnown(requestId))', 'if (false)']],
    tests: ['test/plugins/btp/wire/exchange.test.js']
  }
]
