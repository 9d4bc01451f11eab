/**
 * The test chain itself, which is in memory, and how an account uses it. Its channels go one way, cannot be empty, and are ended by the
 * payee: as unlike the EVM's as they can be.
 */
import type { ChannelProvider } from '../../../plugins/lib/channels/types.js'
import { FakeChain, ONE_WAY } from '../channels/fake-chain.js'
import { KEY } from './chain-kind.js'

/** By URL: whoever names one uses it with all others. */
const chains = new Map<string, FakeChain>()

export function chainAt (url: string): FakeChain {
  const chain = chains.get(url) ?? new FakeChain(ONE_WAY)
  chains.set(url, chain)
  return chain
}

/** Whose key it is. */
export function addressOf (keyId: string): string {
  return KEY.exec(keyId)?.[1] ?? ''
}

export function openProvider ({ rpcUrl, keyId }: { rpcUrl: string, keyId: string }): ChannelProvider {
  return chainAt(rpcUrl).provider(addressOf(keyId))
}
