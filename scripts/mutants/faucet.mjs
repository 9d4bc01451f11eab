/** Breakages of the faucet and of funding: money is given once, and not where it is real. */
const API = 'test/admin/faucet/api.test.js'
const LIMITS = 'test/admin/faucet/limits.test.js'
const REAL = 'test/e2e/node/faucet.test.js'

export const faucetMutants = [
  {
    name: 'runs a faucet on a main network',
    file: 'src/commands/cli/faucet.js',
    edits: [['if (treasury.isReal)', 'if (false)']],
    tests: [REAL]
  },
  {
    name: 'counts a request to the faucet when the money is sent, and not before',
    file: 'src/admin/faucet/limits.js',
    edits: [['count(this.#addresses, address, now);\n', '']],
    tests: [LIMITS, API]
  },
  {
    name: 'gives coins of the faucet again when the token failed',
    file: 'src/admin/faucet/api.js',
    edits: [['wasSent = true;', 'wasSent = false;']],
    tests: [API]
  },
  {
    name: 'takes an address in other capitals for another one at the faucet',
    file: 'src/admin/faucet/api.js',
    edits: [['options.address.canonical(address)', 'address']],
    tests: [API]
  },
  {
    name: 'lets the books of the faucet grow',
    file: 'src/admin/faucet/limits.js',
    edits: [['if (book.size < BOOK_MAX || book.has(key))', 'if (true)']],
    tests: [LIMITS]
  },
  {
    name: 'lets pages of other origins ask the faucet',
    file: 'src/admin/faucet/api.js',
    edits: [['app.use(refuseForeignPages(', 'void (refuseForeignPages(']],
    tests: [API]
  },
  {
    name: 'funds peers without --yes',
    file: 'src/commands/cli/fund-peers.js',
    edits: [["if (args.flag('yes'))", 'if (true)']],
    tests: [REAL]
  },
  {
    name: 'funds peers with the whole amount, whatever they have',
    file: 'src/commands/cli/fund-peers.js',
    edits: [['goal - await purse.balanceOf(address)', 'goal']],
    tests: [REAL]
  }
]
