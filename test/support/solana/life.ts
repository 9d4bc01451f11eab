/** A node's part of a channel as it lives: connected, crashed, and back with what it had kept. */
import { SolanaProvider, type SolanaProviderOptions } from '../../../plugins/solana/provider.js'
import type { SolanaChain, Wallet } from '../../../examples/solana-chain.js'
import { memoryLog, memoryStore } from '../evm/life.js'

type Ours = Partial<SolanaProviderOptions> & { mint: string }

/** On the chain of a test, looked at without waiting. */
function providerOptions (
  { rpcUrl, wsUrl, programId }: SolanaChain, { signer }: Wallet, more: Ours
): SolanaProviderOptions {
  return {
    cluster: 'localnet', rpcUrl, wsUrl, programId, signer, store: memoryStore(), log: memoryLog(),
    rpsLimit: 1000, pollMs: 20, lookMs: 100, gatherMs: 2, ...more
  }
}

/** Providers of a test, disconnected after it. */
export function solanaLives (chain: () => SolanaChain): (wallet: Wallet, more: Ours) => SolanaProvider {
  const made: SolanaProvider[] = []
  afterEach(async () => { await Promise.all(made.splice(0).map(provider => provider.disconnect())) })
  return (wallet, more) => {
    const provider = new SolanaProvider(providerOptions(chain(), wallet, more))
    made.push(provider)
    return provider
  }
}
