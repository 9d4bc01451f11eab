/**
 * The stand-in for rippled as a process of its own, for demos: `node dist/test/support/rippled/main.js --ledger-ms 1000 --accounts 2`.
 * It prints one line of JSON, `{ url, networkId, accounts: [{ address, seed }] }`, and runs until its standard input ends.
 * Close times follow the clock, so ledgers should not close more often than once a second.
 */
import { parseArgs } from 'node:util'
import { Wallet } from 'xrpl'
import { startRippled } from './index.js'
import { RICHES } from './parties.js'

const { values } = parseArgs({
  options: {
    'ledger-ms': { type: 'string', default: '1000' },
    'network-id': { type: 'string', default: '31338' },
    accounts: { type: 'string', default: '2' },
    port: { type: 'string', default: '0' }
  }
})
const wallets = Array.from({ length: Number(values.accounts) }, () => Wallet.generate())
const networkId = Number(values['network-id'])
const rippled = await startRippled({
  networkId,
  port: Number(values.port),
  ledgerMs: Number(values['ledger-ms']),
  ledgerSeconds: undefined,
  accounts: Object.fromEntries(wallets.map(({ address }) => [address, RICHES]))
})
const accounts = wallets.map(({ address, seed }) => ({ address, seed }))
process.stdout.write(`${JSON.stringify({ url: rippled.url, networkId, accounts })}\n`)
process.stdin.resume()
process.stdin.once('end', () => { void rippled.stop() })
