/** Breakages of what protects a node from strangers and from its peers. */
export const securityMutants = [
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
  }
]
