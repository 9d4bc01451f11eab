/** Peers with whom a node has a channel each, and who never say anything. */
import type { PeerConfig } from '../../../src/index.js'
import type { Chain, Deployed } from '../../../examples/evm-chain.js'
import { CHAIN, HOUR } from '../node/evm.js'

/** In each channel, of ours. */
const DEPOSIT = 10

/** Nobody answers where they are. */
export function idlePeers (count: number): PeerConfig[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `idle-${i}`, url: 'ws://127.0.0.1:9', authToken: `secret-of-${i}`, chain: CHAIN, evmAddress: addressOf(i)
  }))
}

/** `owner` opens a channel with each, and puts a little in. */
export async function openWith (
  chain: Chain, contracts: { token: Deployed, network: Deployed }, owner: string, count: number
): Promise<void> {
  const { token, network } = contracts
  const send = (to: Deployed, method: string, ...args: unknown[]): Promise<unknown> =>
    chain.rpc('eth_sendTransaction', { from: owner, to: to.address, data: to.iface.encodeFunctionData(method, args), gas: '0x7a120' })
  await send(token, 'approve', network.address, count * DEPOSIT)
  for (let i = 0; i < count; i++) await send(network, 'openChannel', addressOf(i), HOUR)
  const topics = [network.iface.getEvent('ChannelOpened')?.topicHash ?? '']
  const opened = await chain.provider.getLogs({ address: network.address, fromBlock: 0, topics })
  for (const log of opened) await send(network, 'setTotalDeposit', log.topics[1], owner, DEPOSIT)
}

function addressOf (index: number): string {
  return `0x${(0xabc0000 + index).toString(16).padStart(40, '0')}`
}
