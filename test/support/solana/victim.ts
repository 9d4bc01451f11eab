/** A node's settlement with one peer on a Solana cluster, and whoever runs that peer: it signs and sends what it likes. */
import { SolanaClaims } from '../../../plugins/solana/claims.js'
import type { SolanaProvider, SolanaProviderOptions } from '../../../plugins/solana/provider.js'
import type { SolanaChain, Wallet } from '../../../examples/solana-chain.js'
import { ChannelVictim } from '../channels/victim.js'
import { memoryLog, memoryStore } from '../evm/life.js'

export const HOUR = 3600

export type SolanaVictim = ChannelVictim<SolanaProvider>

interface VictimOptions {
  chain: SolanaChain
  mint: string
  peer: Wallet
  provide: (wallet: Wallet, more: Partial<SolanaProviderOptions> & { mint: string }) => SolanaProvider
  /** Of the provider. */
  more?: Partial<SolanaProviderOptions>
  /** Of the plugin, beside the usual ones. */
  options?: object
  /** How the peer answers questions about channels; absent: it is not there. */
  asked?: ((message: Record<string, unknown>) => Promise<Record<string, unknown>>) | undefined
}

export function codecOn ({ genesis, programId }: SolanaChain, { signer }: Wallet): SolanaClaims {
  return new SolanaClaims({ genesis, programId, cluster: 'localnet' }, signer)
}

/** Of `wallet`. */
export async function startSolanaVictim (wallet: Wallet, setting: VictimOptions): Promise<SolanaVictim> {
  const { chain, mint, peer, provide, more = {}, options, asked } = setting
  const log = memoryLog()
  const store = more.store ?? memoryStore()
  const provider = provide(wallet, { mint, peer: peer.address, log, ...more, store })
  await provider.connect()
  return await ChannelVictim.open({
    provider,
    codec: codecOn(chain, wallet),
    peerAddress: peer.address,
    contract: `${chain.programId}/${mint}`,
    tokenId: 'TOK',
    store,
    log,
    options: { settlementTimeoutSecs: HOUR, redeemThreshold: '1000000000', ...options },
    asked
  })
}
