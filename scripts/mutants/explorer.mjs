/** Breakages of what the explorer's history promises: its bounds, its answers, and that neither a disk nor a stranger makes it lie. */
const HISTORY = 'src/explorer/history.js'
const STREAMS = 'src/explorer/history-streams.js'
const FILE = 'src/explorer/history-file.js'
const FRAMES = 'src/explorer/history-frames.js'
const FOOTER = 'src/explorer/history-footer.js'
const INDEX = 'src/explorer/history-index.js'
const QUERY = 'src/explorer/history-query.js'
const TEST = 'test/explorer/history.test.js'
const DAMAGE_TEST = 'test/explorer/history-damage.test.js'

export const explorerMutants = [
  {
    name: 'keeps more events than it may',
    file: STREAMS,
    edits: [['stream.count++;\n        while (this.count > this.bounds.events)', 'stream.count++;\n        while (this.count > this.bounds.events * 2)']],
    tests: [TEST]
  },
  {
    name: 'lets a flood of packets push out settlements',
    file: STREAMS,
    edits: [["SETTLEMENT_COMPLETED: 'lasting'", "SETTLEMENT_COMPLETED: 'packets'"]],
    tests: [TEST]
  },
  {
    name: 'leaves the files of what it forgot',
    file: FILE,
    edits: [['await rm(this.path, { force: true });', '']],
    tests: [TEST]
  },
  {
    name: 'shows events that are too old',
    file: HISTORY,
    edits: [['Math.max(filter.since ?? -Infinity, Date.now() - this.#ageMs)', 'filter.since ?? -Infinity']],
    tests: [TEST]
  },
  {
    name: 'shows events in the order in which they came',
    file: INDEX,
    edits: [['const row = this.firstAt(timestamp, true);', 'const row = this.count;']],
    tests: [TEST]
  },
  {
    name: 'shows what came at the same time in any order',
    file: QUERY,
    edits: [['this.#time - other.#time || index.idAt(this.#row) - other.source.index.idAt(other.#row)', 'this.#time - other.#time']],
    tests: [TEST]
  },
  {
    name: 'finds packets only by who sent them',
    file: QUERY,
    edits: [['&& columns.others[row] !== peer', '']],
    tests: ['test/explorer/history-many.test.js']
  },
  {
    name: 'gives ids twice',
    file: STREAMS,
    edits: [['this.#nextId = Math.max(this.#nextId, file.index.lastId + 1);', '']],
    tests: [TEST]
  },
  {
    name: 'keeps all seconds of traffic',
    file: HISTORY,
    edits: [['event.seconds < 60', 'event.seconds < 1']],
    tests: [TEST]
  },
  {
    name: 'believes events without their checksum',
    file: FRAMES,
    edits: [['crc32(payload) !== bytes.readUInt32LE(offset + 16)', 'false']],
    tests: [DAMAGE_TEST]
  },
  {
    name: 'believes an index without its checksum',
    file: FOOTER,
    edits: [['crc32(text, crc32(new Uint8Array(columns))) !== trailer.readUInt32LE(16)', 'false']],
    tests: [DAMAGE_TEST]
  },
  {
    name: 'keeps in memory whatever the disk does not take',
    file: HISTORY,
    edits: [['events >= WAITING_EVENTS_MAX', 'false']],
    tests: [DAMAGE_TEST]
  },
  {
    name: 'loses what waits when a write fails',
    file: FILE,
    edits: [['await this.#append(Buffer.concat(packed));', 'await this.#append(Buffer.concat(packed)).catch(error => { this.#waiting = []; throw error; });']],
    tests: [DAMAGE_TEST]
  },
  {
    name: 'writes on behind what a failed write left',
    file: FILE,
    edits: [['await this.#handle.truncate(this.#size);', 'this.#size = (await this.#handle.stat()).size;']],
    tests: [DAMAGE_TEST]
  },
  {
    name: 'writes into a file that was deleted',
    file: FILE,
    edits: [['nlink === 0', 'nlink < 0']],
    tests: [DAMAGE_TEST]
  },
  {
    name: 'counts events of a damaged file and does not show them',
    file: HISTORY,
    edits: [['if (isWhole || attempt === ATTEMPTS_MAX)', 'if (true)']],
    tests: [DAMAGE_TEST]
  },
  {
    name: 'says damage each time',
    file: HISTORY,
    edits: [['const count = this.#damageThrottle.due();', 'const count = 1;']],
    tests: [DAMAGE_TEST]
  }
]
