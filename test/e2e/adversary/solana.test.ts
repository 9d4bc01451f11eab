/** The same adversary against the plugin of Solana, on a real RPC node with the program of channels deployed. */
import { startSolanaChain, type SolanaChain } from '../../../examples/solana-chain.js'
import { adversaryWinsNothing } from '../../support/adversary/suite.js'
import { SolanaUnderTest } from '../../support/adversary/solana-under-test.js'

/** Of a slot: time stands still for everybody else. */
const SLOT_MS = 4

let chain: SolanaChain

adversaryWinsNothing({
  on: 'Solana',
  make: () => SolanaUnderTest.make(chain),
  short: ['spends its deposit while it has our consent to the end, and takes it back'],
  before: async () => { chain = await startSolanaChain(SLOT_MS) },
  after: async () => {
    chain.stop()
    await Promise.resolve()
  }
})
