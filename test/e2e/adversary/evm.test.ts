/** The same adversary against the plugin of the real chain, with real signatures, contracts and blocks. */
import { startChain, type Chain } from '../../../examples/evm-chain.js'
import { EvmUnderTest } from '../../support/adversary/evm-under-test.js'
import { adversaryWinsNothing } from '../../support/adversary/suite.js'

let chain: Chain

adversaryWinsNothing({
  on: 'an EVM chain',
  make: () => EvmUnderTest.make(chain),
  short: ['spends its deposit while it has our consent to the end, and takes it back'],
  before: async () => { chain = await startChain() },
  after: async () => { await chain.stop() }
})
