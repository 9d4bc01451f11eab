/** The chains in memory keep what they promise: settlement is tested on them. */
import { useFakeTimers } from 'sinon'
import { channelProviderConformance, type ChainParty, type ChainUnderTest } from '../../../conformance/channel-provider.js'
import { EXACT, FakeChain, ONE_WAY, PLAIN, TAKEN, TWO_WAY, type FakeFeatures } from '../../../support/channels/fake-chain.js'
import { FakeCodec } from '../../../support/channels/fake-codec.js'
import { ChainError } from '../../../../plugins/lib/channels/types.js'

const FUNDS = 1_000_000n

function start (features: FakeFeatures): ChainUnderTest {
  const chain = new FakeChain(features)
  const clock = useFakeTimers({ toFake: ['Date'], now: Date.now() })
  const party = (address: string): ChainParty => {
    chain.balances.set(address, FUNDS)
    return {
      provider: chain.provider(address),
      codec: new FakeCodec(address, features.nonces, features.exact),
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
  'two ways, ended by exact terms that both sign': EXACT,
  'one way, funded, ended by the payee': ONE_WAY,
  'payouts that are taken, no nonces': TAKEN,
  'one way, challenge only': PLAIN
})) {
  channelProviderConformance(`chain in memory, ${name}`, () => Promise.resolve(start(features)), {
    features, exact: features.exact, weather: true, takesBack: true
  })
}
