/** Mina's part keeps what every chain's part promises, on a stand-in over the ledger of o1js, with proofs off. */
import { channelProviderConformance, type ChainParty } from '../../conformance/channel-provider.js'
import { memoryStore } from '../../support/evm/life.js'
import { CHALLENGE_SECS, MinaParties } from '../../support/mina/settling.js'
import { openSigner } from '../../../plugins/mina/crypto/mina-signer.js'
import type { MinaKey } from '../../../plugins/mina/keys.js'

describe('Mina', function () {
  this.timeout(60_000)

  const parties = new MinaParties()
  before(() => parties.start())
  after(() => parties.stop())

  channelProviderConformance('Mina', async () => {
    const ours = await parties.chain.anotherNode()
    const signer = await openSigner('devnet')
    const [alice, bob, stranger] = [await parties.account(), await parties.account(), await parties.account()]
    const party = async (key: MinaKey, peer: MinaKey, url = parties.chain.url): Promise<ChainParty> => {
      const store = memoryStore()
      let provider = await parties.connected(key, { store, urls: [url] })
      return {
        provider,
        codec: parties.codec(key, peer, signer),
        wallet: () => parties.wallet(key),
        restart: async () => {
          await provider.disconnect()
          provider = await parties.connected(key, { store, urls: [url] })
          return provider
        }
      }
    }
    return {
      parties: [await party(alice, bob, ours.url), await party(bob, alice), await party(stranger, alice)],
      challengeSecs: CHALLENGE_SECS,
      pass: async secs => { await parties.pass(secs) },
      setWeather: weather => { void parties.chain.faults(weather === 'fine' ? {} : { requests: [{ does: 'status' }] }, ours.node) },
      stop: () => parties.end()
    }
  }, { features: { directions: 'one', opening: 'funded', ends: 'payee', payouts: 'pushed', nonces: true }, weather: true })
})
