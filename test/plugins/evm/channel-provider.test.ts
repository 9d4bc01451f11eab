/** The EVM's part keeps what every chain's part promises, on a real node. */
import { channelProviderConformance, type ChainParty } from '../../conformance/channel-provider.js'
import { EvmClaims } from '../../../plugins/evm/claims.js'
import { rawKeyOf } from '../../../plugins/evm/chain/signer.js'
import { CHAIN_ID } from '../../../examples/evm-chain.js'
import { lives, memoryStore } from '../../support/evm/life.js'
import { alice, bob, setUp, stranger } from '../../support/evm/parties.js'
import { RpcProxy } from '../../support/evm/rpc-proxy.js'

const HOUR = 3600

describe('EVM', () => {
  const parties = setUp()
  const provide = lives(parties)

  channelProviderConformance('EVM', async () => {
    const { chain, network, token } = parties
    const proxy = await new RpcProxy(chain.url).start()
    const contract = { chainId: BigInt(CHAIN_ID), tokenNetwork: network.address.toLowerCase(), token: token.address.toLowerCase() }
    const party = async (account: typeof alice, rpcUrl = chain.url): Promise<ChainParty> => {
      const store = memoryStore()
      const provider = provide(account, { store, rpcUrl })
      await provider.connect()
      return {
        provider,
        codec: new EvmClaims(contract, rawKeyOf(account.privateKey)),
        wallet: () => token.read('balanceOf', account.address),
        restart: async () => {
          await provider.disconnect()
          const again = provide(account, { store, rpcUrl })
          await again.connect()
          return again
        }
      }
    }
    return {
      parties: [await party(alice, proxy.url), await party(bob), await party(stranger)],
      challengeSecs: HOUR,
      pass: secs => chain.pass(secs),
      setWeather: weather => {
        if (weather === 'away') proxy.cut()
        else proxy.mend()
      },
      stop: () => proxy.stop()
    }
  }, { features: { directions: 'both', opening: 'empty', ends: 'consent', payouts: 'pushed', nonces: true }, weather: true })
})
