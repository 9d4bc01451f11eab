/** Breakages of what market prices promise: nobody trades at a price that is alone, old, or not confirmed. */
const AGREEMENT = 'backends/lib/market/agreement.js'
const GUARD = 'backends/lib/market/jump-guard.js'
const FEED = 'backends/lib/market/market-feed.js'
const STATE = 'backends/lib/market/source-state.js'
const CURRENCIES = 'backends/lib/currency-backend.js'

export const pricesMutants = [
  {
    name: 'believes half of the sources',
    file: AGREEMENT,
    edits: [['near.length * 2 <= votes.length', 'near.length * 2 < votes.length']],
    tests: ['test/backends/lib/market/agreement.test.js']
  },
  {
    name: 'trades at yesterday\'s price where there is one of today',
    file: AGREEMENT,
    edits: [['median(live.length > 0 ? live : near)', 'median(near)']],
    tests: ['test/backends/lib/market/agreement.test.js', 'test/backends/market.test.js']
  },
  {
    name: 'keeps trading at the former price while sources disagree',
    file: FEED,
    edits: [["if (verdict.kind === 'disagreed')\n            return 'the sources disagree';", '']],
    tests: ['test/backends/lib/market/market-feed.test.js', 'test/e2e/money/market-prices.test.js']
  },
  {
    name: 'believes a jump at once',
    file: GUARD,
    edits: [['if (rounds >= jumpRounds)', 'if (rounds >= 1)']],
    tests: ['test/backends/lib/market/jump-guard.test.js', 'test/backends/lib/market/market-feed.test.js']
  },
  {
    name: 'confirms a jump with answers that have not come',
    file: STATE,
    edits: [['this.isNew = false;\n        if', 'if']],
    tests: ['test/backends/lib/market/market-feed.test.js']
  },
  {
    name: 'trades at prices of any age',
    file: FEED,
    edits: [['if (ageMs > maxRateAgeMs) {', 'if (false) {']],
    tests: ['test/backends/lib/market/market-feed.test.js']
  },
  {
    name: 'is as young as a clock says that was set back',
    file: 'backends/lib/market/moment.js',
    edits: [['Math.abs(Date.now() - this.wall)', 'Date.now() - this.wall']],
    tests: ['test/backends/lib/market/moment.test.js', 'test/backends/lib/market/market-feed.test.js']
  },
  {
    name: 'follows a price service wherever it redirects',
    file: 'backends/lib/fetch-text.js',
    edits: [["{ headers, redirect: 'error' }", '{ headers }']],
    tests: ['test/backends/ecb-plus-coinmarketcap.test.js', 'test/backends/lib/market/market-feed.test.js']
  },
  {
    name: 'reads prices as floating-point numbers',
    file: 'backends/lib/market/exact-json.js',
    edits: [["return JSON.parse(text.replace(STRING_OR_NUMBER, found => found.startsWith('\"') ? found : `\"${found}\"`));",
      "return JSON.parse(text, (_, value) => typeof value === 'number' ? String(value) : value);"]],
    tests: ['test/backends/lib/market/exact-json.test.js', 'test/backends/market.test.js']
  },
  {
    name: 'prices a token like a stranger\'s coin of the same code',
    file: FEED,
    edits: [['const names = this.settings.known.get(code);', 'const names = this.settings.known.get(code) ?? { coinbase: code };']],
    tests: ['test/backends/market.test.js']
  },
  {
    name: 'forgets the operator\'s price at a restart',
    file: 'backends/lib/manual-prices.js',
    edits: [['const text = await this.store?.get(KEY);', 'const text = undefined;']],
    tests: ['test/backends/market.test.js', 'test/e2e/money/market-prices.test.js']
  },
  {
    name: 'asks the market before the operator',
    file: CURRENCIES,
    edits: [['this.sources = [this.manual, ...sources];', 'this.sources = [...sources, this.manual];']],
    tests: ['test/backends/market.test.js', 'test/e2e/money/market-prices.test.js']
  }
]
