/** Breakages of what the server of the explorer promises: who may look on, that no secret is given away, and that nobody costs much. */
const ACCESS = 'test/explorer/access.test.js'
const SOCKETS = 'test/explorer/sockets.test.js'
const API = 'test/explorer/api.test.js'

export const explorerServerMutants = [
  {
    name: 'lets pages of any origin read the explorer, and its feed',
    file: 'src/explorer/access.js',
    edits: [['const isWelcome = given === undefined ||', 'const isWelcome = true ||']],
    tests: [ACCESS]
  },
  {
    name: 'shows the explorer under any name that leads here',
    file: 'src/explorer/access.js',
    edits: [["!isOwnHost(c.req.header('host') ?? '')", 'false']],
    tests: [ACCESS]
  },
  {
    name: 'opens the feed of the explorer without a key or ticket',
    file: 'src/explorer/access.js',
    edits: [['noKeyInQuery, key(true)]', 'noKeyInQuery]']],
    tests: [ACCESS]
  },
  {
    name: 'takes pages of other programs on this machine for its own in production',
    file: 'src/explorer/access.js',
    edits: [["origin(environment === 'development')", 'origin(true)']],
    tests: [ACCESS]
  },
  {
    name: 'takes those whom a proxy on this machine brings for programs on it',
    file: 'src/explorer/access.js',
    edits: [['if (!isNear(c) && !isListed(c))', 'if (false)']],
    tests: [ACCESS]
  },
  {
    name: 'takes a ticket of the explorer twice',
    file: 'src/explorer/tickets.js',
    edits: [['this.#until.delete(ticket);', '']],
    tests: [ACCESS]
  },
  {
    name: 'keeps what a slow reader of the feed does not read',
    file: 'src/explorer/sockets.js',
    edits: [['reader.socket.bufferedAmount + frame.length > UNREAD_BYTES_MAX', 'false']],
    tests: [SOCKETS]
  },
  {
    name: 'lets any number of readers in from one address',
    file: 'src/explorer/sockets.js',
    edits: [['(this.#clients.get(clientNetwork(address)) ?? 0) < READERS_PER_CLIENT_MAX', 'true']],
    tests: [SOCKETS]
  },
  {
    name: 'keeps readers that are not there any more',
    file: 'src/explorer/sockets.js',
    edits: [['if (!reader.isAlive) {', 'if (false) {']],
    tests: [SOCKETS]
  },
  {
    name: 'writes each event down for each reader',
    file: 'src/explorer/sockets.js',
    edits: [['frame ??= Buffer.from', 'frame = Buffer.from']],
    tests: [SOCKETS]
  },
  {
    name: 'asks the history as many questions at once as come',
    file: 'src/explorer/thrift.js',
    edits: [['await before;', '']],
    tests: [API]
  },
  {
    name: 'looks anew for each who looks on',
    file: 'src/explorer/thrift.js',
    edits: [['Date.now() - known.at < this.lifetimeMs', 'false']],
    tests: [API]
  },
  {
    name: 'says to clients why the history cannot be read',
    file: 'src/explorer/api.js',
    edits: [["throw new SluiceError('SLUICE_HISTORY_UNUSABLE', 'Failed to query events', { cause: error });", 'throw error;']],
    tests: [API]
  },
  {
    name: 'shows in the configuration what a schema says to be secret',
    file: 'src/config/effective.js',
    edits: [['metaOf(schema).secret === true', 'false']],
    tests: ['test/config/effective.test.js']
  },
  {
    name: 'reads as many minutes for one figure as there are',
    file: 'src/explorer/figures.js',
    edits: [['while (counts.length < MINUTES_MAX)', 'while (true)']],
    tests: ['test/explorer/figures.test.js']
  },
  {
    name: 'counts what is on hold as room',
    file: 'src/explorer/views/balances.js',
    edits: [['positive(maximum - balance - incomingHolds)', 'positive(maximum - balance)']],
    tests: ['test/explorer/views/balances.test.js']
  },
  {
    name: 'lets the page of the explorer run scripts from anywhere',
    file: 'src/explorer/page-files.js',
    edits: [["script-src 'self'", 'script-src *']],
    tests: ['test/explorer/page-files.test.js']
  }
]
