/** An account whose chain does not answer: it is removed like any other, and stays removed when the wait for the chain ends. */
import { expect } from 'chai'
import PluginBtp from '../../../../plugins/btp/index.js'
import SettlingPlugin from '../../../../plugins/lib/channels/index.js'
import { CHANNEL_OPTIONS, readOptions, settingsOf } from '../../../../plugins/lib/channels/options.js'
import { Units } from '../../../../plugins/lib/channels/units.js'
import { describeError } from '../../../../src/lib/describe-error.js'
import { freePort } from '../../../../examples/free-port.js'
import { SECRET, TestLog, afterTest, closeAll } from '../../../support/btp.js'
import { stoppedClock } from '../../../support/clock.js'

const CHAIN_WAIT_MS = 5000

describe('an account that waits for its chain', () => {
  afterEach(closeAll)

  it('does not listen with its secret any more once it is disconnected', async () => {
    const store = { get: () => Promise.resolve(undefined), put: () => Promise.resolve(), del: () => Promise.resolve() }
    const services = { log: new TestLog(), store }
    const transport = new PluginBtp({ listener: { port: await freePort(), secret: SECRET } }, services)
    let fail = (_error: Error): void => undefined
    const plugin = new SettlingPlugin({
      transport,
      services,
      settings: {
        ...settingsOf(readOptions('test', CHANNEL_OPTIONS, [], {})),
        peerAddress: 'bob', chain: 'fake:1', contract: 'the-contract', tokenId: 'FAKE', units: new Units(9, 9)
      },
      openChain: () => new Promise((_resolve, reject) => { fail = reject })
    })
    const clock = stoppedClock()
    afterTest(() => { clock.restore() })
    afterTest(() => transport.disconnect())
    const connecting = plugin.connect().then(() => 'connected', (error: unknown) => describeError(error))
    const disconnecting = plugin.disconnect()
    await clock.tickAsync(CHAIN_WAIT_MS)
    const state = await Promise.race([connecting, new Promise(resolve => setImmediate(() => setImmediate(resolve, 'waits for its peer')))])
    expect(await transport.getAdminInfo()).not.to.have.property('listener')
    expect(state).to.equal('connection aborted')
    fail(new Error('no answer'))
    await disconnecting
  })
})
