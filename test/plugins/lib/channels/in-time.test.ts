/** Questions to the chain that are never answered: a way to the chain that hangs is begun anew. */
import { expect } from 'chai'
import sinon from 'sinon'
import { SILENT_LOG } from '../../../../src/contracts/logger.js'
import { describeError } from '../../../../src/lib/describe-error.js'
import { Remembered } from '../../../../plugins/evm/chain/remembered.js'
import { EvmProvider } from '../../../../plugins/evm/provider.js'
import { ChannelBook as MinaBook } from '../../../../plugins/mina/channel-book.js'
import { MinaProvider } from '../../../../plugins/mina/provider.js'
import { ChannelBook as XrpBook } from '../../../../plugins/xrp/channel-book.js'
import { XrpProvider } from '../../../../plugins/xrp/provider.js'
import { stoppedClock } from '../../../support/clock.js'
import { memoryStore } from '../../../support/evm/life.js'

describe('connecting to a chain that never answers', () => {
  const NEVER = new Promise<never>(() => undefined)
  const common = { store: memoryStore(), log: SILENT_LOG, signer: { address: 'us' }, key: { address: 'us' }, expected: {}, fees: {} }
  const make = <P>(Provider: new (options: never) => P, more: object): P => new Provider({ ...common, ...more } as never)
  afterEach(() => { sinon.restore() })

  for (const [chain, hang, provide] of [
    ['evm', () => sinon.stub(Remembered.prototype, 'network'), () => make(EvmProvider, { rpcUrl: 'http://127.0.0.1:1', chainId: 1n })],
    ['xrp', () => sinon.stub(XrpBook.prototype, 'load'), () => make(XrpProvider, { rpcUrl: 'ws://127.0.0.1:1', network: 0, claimSecret: Buffer.alloc(32) })],
    ['mina', () => sinon.stub(MinaBook.prototype, 'load'), () => make(MinaProvider, { chainId: 'mina:devnet', key: { address: 'us', text: 'key' } })]
  ] as const) {
    it(`is given up, and begun anew at the next time: ${chain}`, async () => {
      const asked = hang().returns(NEVER)
      const provider = provide()
      const clock = stoppedClock()
      try {
        for (const times of [1, 2]) {
          let result = 'open'
          for (const connecting of [provider.connect(), provider.connect()]) {
            void connecting.then(() => { result = 'connected' }, (error: unknown) => { result = describeError(error) })
          }
          await clock.tickAsync(300_000)
          expect(result).to.contain('has not answered')
          expect(asked.callCount).to.equal(times)
        }
      } finally {
        clock.restore()
      }
    })
  }
})
