/** Aptos's part keeps what every chain's part promises, on a stand-in for a node with the rules of the module. */
import { channelProviderConformance, type ChainParty } from '../../conformance/channel-provider.js'
import { HOUR, AptosParties, type Account } from '../../support/aptos/parties.js'
import { memoryStore } from '../../support/evm/life.js'

describe('Aptos', function () {
  this.timeout(30_000)

  channelProviderConformance('Aptos', async () => {
    const parties = new AptosParties()
    await parties.start()
    const { chain, alice, bob, stranger } = parties
    const ours = await chain.anotherNode()
    const party = async (account: Account, peer: Account, rpcUrl = chain.url): Promise<ChainParty> => {
      const store = memoryStore()
      let provider = await parties.connected(account, { store, rpcUrl })
      return {
        provider,
        codec: parties.codec(provider, peer, account),
        wallet: () => Promise.resolve(parties.wallet(account)),
        restart: async () => {
          await provider.disconnect()
          provider = await parties.connected(account, { store, rpcUrl })
          return provider
        }
      }
    }
    return {
      parties: [await party(alice, bob, ours.url), await party(bob, alice), await party(stranger, alice)],
      challengeSecs: HOUR,
      pass: secs => {
        parties.pass(secs)
        return Promise.resolve()
      },
      setWeather: weather => {
        ours.faults.clear()
        if (weather === 'away') ours.faults.add({ does: 'loseRequest' })
      },
      stop: () => parties.stop()
    }
  }, { features: { directions: 'both', opening: 'empty', ends: 'consent', payouts: 'taken', nonces: false }, weather: true })
})
