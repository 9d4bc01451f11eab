/** Breakages of what protects a node from strangers and from its peers. */
const GUARD = 'middlewares/guard.js'
const WATCHED = 'middlewares/lib/guard/watched-peer.js'
const GUARD_TEST = ['test/middlewares/guard.test.js']

const AUDIT_TEST = ['test/node/audit-log.test.js']
const CHAIN = 'src/lib/audit-chain.js'

const GUESSES = ['test/http/wrong-keys.test.js']

export const securityMutants = [
  {
    name: 'keeps a right key out where somebody guesses at it',
    file: 'src/http/access.js',
    edits: [['if (!isKey(given))', 'if (!isKey(given) || await wrongKeys.counted(socketAddress(c)))']],
    tests: GUESSES
  },
  {
    name: 'lets answers to wrong keys hold all connections',
    file: 'src/http/wrong-keys.js',
    edits: [['this.#waiting < WAITING_MAX && guesser.waiting < WAITING_OF_ONE_MAX', 'true']],
    tests: GUESSES
  },
  {
    name: 'answers guesses at a key at once',
    file: 'src/http/wrong-keys.js',
    edits: [['await this.#wait(guesser, delayFor(excess))', 'void 0']],
    tests: GUESSES
  },
  {
    name: 'remembers everybody who ever sent a wrong key',
    file: 'src/http/wrong-keys.js',
    edits: [['this.#guessers.size > MAX_NETWORKS', 'false']],
    tests: GUESSES
  },
  {
    name: 'does not notice an audit entry of which the content was changed',
    file: CHAIN,
    edits: [['|| hashOf(line.slice(0, at), read.keyed ? key : undefined) !== read.hash', '']],
    tests: AUDIT_TEST
  },
  {
    name: 'does not notice an audit entry that was written anew in the middle',
    file: CHAIN,
    edits: [['read.prev !== before.hash', 'false']],
    tests: AUDIT_TEST
  },
  {
    name: 'takes an audit log without a key for one that was written with it',
    file: CHAIN,
    edits: [['key !== undefined && !read.keyed', 'false']],
    tests: AUDIT_TEST
  },
  {
    name: 'does not look for the hash that was noted of an audit log',
    file: 'src/commands/cli/audit.js',
    edits: [['let hasHead = head === undefined', 'let hasHead = true']],
    tests: AUDIT_TEST
  },
  {
    name: 'loses audit entries while the disk is full',
    file: 'src/node/audit-log.js',
    edits: [['this.#waiting = [...entries, ...this.#waiting]', 'void 0']],
    tests: AUDIT_TEST
  },
  {
    name: 'begins an audit log anew at each start',
    file: 'src/node/audit-log.js',
    edits: [["if (whole !== '')\n                return lastIn(whole, file, last)", 'void 0']],
    tests: AUDIT_TEST
  },
  {
    name: 'does not say in the audit log who asked',
    file: 'src/admin/node/audit.js',
    edits: [['await actingAs(by, next)', 'await next()']],
    tests: ['test/node/audit-calls.test.js']
  },
  {
    name: 'loses the last audit entries when a node stops',
    file: 'src/node/audit-calls.js',
    edits: [['await writer.flush()', 'void 0']],
    tests: ['test/node/audit-calls.test.js']
  },
  {
    name: 'carries packets to a paused peer',
    file: GUARD,
    edits: [['peer.isPaused ? Promise.reject(TO_PAUSED) : next(data)', 'next(data)']],
    tests: GUARD_TEST
  },
  {
    name: 'resumes paused peers at a restart',
    file: GUARD,
    edits: [['peer.isPaused = this.#paused.get(accountId) !== undefined', 'peer.isPaused = false']],
    tests: GUARD_TEST
  },
  {
    name: 'pauses anyone who comes under the name of a paused stranger',
    file: GUARD,
    edits: [['if (this.#isStranger(accountId))\n            this.#paused.delete(accountId)', 'void 0']],
    tests: GUARD_TEST
  },
  {
    name: 'counts packets against the peer that they are sent to',
    file: GUARD,
    edits: [['peer.isPaused ? Promise.reject(TO_PAUSED)', '++peer.packets && peer.isPaused ? Promise.reject(TO_PAUSED)']],
    tests: GUARD_TEST
  },
  {
    name: 'pauses a peer where the rule only warns',
    file: GUARD,
    edits: [["if (action !== 'warn')", 'if (true)']],
    tests: GUARD_TEST
  },
  {
    name: 'refuses the money of a peer that pays too much at once',
    file: GUARD,
    edits: [['at once, more than ${this.#words(accountId, above)}`);', 'at once`); return Promise.reject(FROM_PAUSED)']],
    tests: GUARD_TEST
  },
  {
    name: 'judges a peer before it knows what is usual',
    file: WATCHED,
    edits: [['isKnown && count >= minPerMinute', 'count >= minPerMinute']],
    tests: GUARD_TEST
  },
  {
    name: 'counts channels that we close against the peer',
    file: WATCHED,
    edits: [["['closed', 'settling', 'settled'].includes(status)", "['closing', 'closed', 'settling', 'settled'].includes(status)"]],
    tests: GUARD_TEST
  },
  {
    name: 'counts packets that were refused as money that went',
    file: GUARD,
    edits: [['if (isFulfill(reply) && isPrepare(data))', 'if (isPrepare(data))']],
    tests: GUARD_TEST
  },
  {
    name: 'reads from clients whose address is not allowed',
    file: 'plugins/btp/listener.js',
    edits: [['if (this.#mayConnect(raw))', 'if (true)']],
    tests: ['test/plugins/btp/proxied.test.js']
  },
  {
    name: 'believes what a client says that it was forwarded for',
    file: 'plugins/btp/proxied.js',
    edits: [['forwarded.pop()', 'forwarded.shift()']],
    tests: ['test/plugins/btp/proxied.test.js']
  },
  {
    name: 'believes a proxy that nobody configured',
    file: 'plugins/btp/proxied.js',
    edits: [['while (isProxy(address))', "while (isProxy(address) || address === '3.3.3.3')"]],
    tests: ['test/plugins/btp/proxied.test.js']
  },
  {
    name: 'forgets a block when the bucket is full again',
    file: 'middlewares/lib/blocking-bucket.js',
    edits: [['!this.#isBlocked(Date.now()) && this.bucket.isFull', 'this.bucket.isFull']],
    tests: ['test/middlewares/lib/blocking-bucket.test.js']
  },
  {
    name: 'limits peers that are trusted',
    file: 'src/node/peer-account.js',
    edits: [['if (trusted.includes(peerId))', 'if (false)']],
    tests: ['test/config/node/security.test.js']
  },
  {
    name: 'lets more come at once than in a minute',
    file: 'src/config/node/security.js',
    edits: [['Math.min(burstSize, maxPerMinute)', 'burstSize']],
    tests: ['test/config/node/security.test.js']
  },
  {
    name: 'stops watching the channels of a peer that it disconnects',
    file: 'middlewares/guard.js',
    edits: [["action === 'disconnect' && !this.#hasChannels(peerId)", "action === 'disconnect'"]],
    tests: ['test/middlewares/guard.test.js']
  },
  {
    name: 'keeps no record of what keys sign',
    file: 'plugins/lib/channels/operations.js',
    edits: [["this.onSigned({ operation: name, detail: txIdOf(result), outcome: 'ok' })", 'void txIdOf(result)']],
    tests: ['test/e2e/settlement/xrp.test.js']
  }
]
