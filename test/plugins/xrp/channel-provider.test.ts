/** The XRP Ledger's part keeps what every chain's part promises, on a stand-in with the rules of the ledger. */
import { channelProviderConformance, type ChainParty } from '../../conformance/channel-provider.js'
import { memoryStore } from '../../support/evm/life.js'
import { Parties, type Account } from '../../support/xrp/parties.js'

const HOUR = 3600
/** Times of the ledger are rounded. */
const ROUNDED_SECS = 30

describe('XRP Ledger', function () {
  this.timeout(30_000)

  channelProviderConformance('XRP Ledger', async () => {
    const parties = new Parties()
    await parties.start()
    const { rippled, alice, bob, stranger } = parties
    const ours = await rippled.anotherServer()
    const party = async (account: Account, peer: Account, rpcUrl = rippled.url): Promise<ChainParty> => {
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
        rippled.skip(secs + ROUNDED_SECS)
        rippled.closeLedger(2)
        return Promise.resolve()
      },
      setWeather: weather => {
        ours.faults.clear()
        if (weather === 'fine') return
        ours.faults.add({ does: 'disconnectBefore' })
        ours.disconnectAll()
      },
      stop: () => parties.stop()
    }
  }, { features: { directions: 'one', opening: 'funded', ends: 'payee', payouts: 'pushed', nonces: false }, weather: true })
})
