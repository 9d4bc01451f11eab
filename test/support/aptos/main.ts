/**
 * The stand-in for Aptos as a process of its own, for demos: `node dist/test/support/aptos/main.js --block-ms 100 --accounts 2`.
 * It prints one line of JSON, `{ url, chainId, code, asset, accounts: [{ address, privateKey }] }`, and runs until its standard input ends.
 * Each account has APT for gas, and tokens of the asset.
 */
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { hexOf } from './bcs.js'
import { startAptos } from './index.js'
import { TestKey } from './signatures.js'
import { authenticationKeyOf } from './transaction.js'

/** 1,000 APT, and as many base units of the asset. */
const RICHES = 100_000_000_000n

const { values } = parseArgs({
  options: {
    'block-ms': { type: 'string', default: '100' },
    'chain-id': { type: 'string', default: '147' },
    accounts: { type: 'string', default: '2' },
    port: { type: 'string', default: '0' }
  }
})
const chainId = Number(values['chain-id'])
const chain = await startAptos({ chainId, blockMs: Number(values['block-ms']), port: Number(values.port) })
const accounts = Array.from({ length: Number(values.accounts) }, () => {
  const seed = randomBytes(32)
  const address = authenticationKeyOf(new TestKey(seed).publicKey)
  chain.fund(address, RICHES)
  chain.fund(address, RICHES, chain.asset)
  return { address, privateKey: hexOf(seed) }
})
process.stdout.write(`${JSON.stringify({ url: chain.url, chainId, code: chain.code, asset: chain.asset, accounts })}\n`)
process.stdin.resume()
process.stdin.once('end', () => { void chain.stop() })
