/** The chains in memory keep what they promise: settlement is tested on them. */
import { useFakeTimers } from 'sinon'
import { channelProviderConformance, type ChainParty, type ChainUnderTest } from '../../../conformance/channel-provider.js'
import { FakeChain, ONE_WAY, PLAIN, TAKEN, TWO_WAY } from '../../../support/channels/fake-chain.js'
import { FakeCodec } from '../../../support/channels/fake-codec.js'
import { ChainError, type ChannelFeatures } from '../../../../plugins/lib/channels/types.js'

const FUNDS = 1_000_000n

function start (features: ChannelFeatures): ChainUnderTest {
  const chain = new FakeChain(features)
  const clock = useFakeTimers({ toFake: ['Date'], now: Date.now() })
  const party = (address: string): ChainParty => {
    chain.balances.set(address, FUNDS)
    return {
      provider: chain.provider(address),
      codec: new FakeCodec(address, features.nonces),
      wallet: () => Promise.resolve(chain.balances.get(address) ?? 0n),
      restart: () => Promise.resolve(chain.provider(address))
    }
  }
  return {
    parties: [party('us'), party('them'), party('stranger')],
    challengeSecs: 3600,
    pass: secs => {
      clock.tick(secs * 1000)
      return Promise.resolve()
    },
    setWeather: weather => {
      chain.fault = () => { if (weather === 'away') throw new ChainError('no answer', false) }
    },
    takeBack: channelId => {
      chain.takeBack(channelId)
      return Promise.resolve()
    },
    stop: () => { clock.restore() }
  }
}

for (const [name, features] of Object.entries({
  'two ways': TWO_WAY,
  'one way, funded, ended by the payee': ONE_WAY,
  'payouts that are taken, no nonces': TAKEN,
  'one way, challenge only': PLAIN
})) {
  channelProviderConformance(`chain in memory, ${name}`, () => Promise.resolve(start(features)), { features, weather: true, takesBack: true })
}
