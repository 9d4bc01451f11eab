/** How far the chain of Solana has come is what a node says. One answer that is wrong about it may not keep us from all that come later. */
import { expect } from 'chai'
import sinon from 'sinon'
import type { JsonRpc } from '../../../../plugins/lib/rpc/json-rpc.js'
import { AccountReader } from '../../../../plugins/solana/chain/reader.js'
import { memoryLog } from '../../../support/evm/life.js'

const [SLOT, YEARS_AHEAD] = [1000, 4_000_000_000_000]
const MINUTE_MS = 60_000
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS

describe('how far a node of Solana says that the chain has come', function () {
  this.timeout(20_000)
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = sinon.useFakeTimers({ now: Date.now() }) })
  afterEach(() => { clock.restore() })

  function answer (slot: number, timeMs: number, accounts: number): unknown {
    const data = Buffer.alloc(40)
    data.writeBigUInt64LE(BigInt(slot), 0)
    data.writeBigInt64LE(BigInt(Math.floor(timeMs / 1000)), 32)
    const account = { data: [data.toString('base64'), 'base64'], owner: 'x', lamports: 1 }
    return { context: { slot }, value: Array.from({ length: accounts }, () => account) }
  }

  it('one answer with a slot and a time of years to come stops the reading for minutes, and not for good', async () => {
    const began = Date.now()
    let lies = 1
    const call = (_method: string, addresses: string[]): Promise<unknown> => Promise.resolve(lies-- > 0
      ? answer(YEARS_AHEAD, began + 10 * YEAR_MS, addresses.length)
      : answer(SLOT + Math.floor((Date.now() - began) / 400), Date.now(), addresses.length))
    const log = memoryLog()
    const reader = new AccountReader({ host: 'node', call } as unknown as JsonRpc, log, 0)
    const read = async (): Promise<string> => {
      const asked = reader.readAll(['one'], 'finalized').then(() => 'read', String)
      await clock.tickAsync(5000)
      return await asked
    }
    expect(await read()).to.equal('read')
    expect(await read()).to.contain('is behind. slot=')
    let minutes = 0
    for (; minutes < 60 && await read() !== 'read'; minutes++) await clock.tickAsync(MINUTE_MS)
    expect(minutes).to.be.within(2, 15)
    expect(log.lines.filter(line => /has lied/.test(line))).to.have.lengthOf(1)
    expect(await read()).to.equal('read')
  })
})
