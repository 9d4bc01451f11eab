/** The newest block of an EVM chain, by a node whose clock, or whose word, is wrong. */
import { expect } from 'chai'
import { Heads } from '../../../../plugins/evm/chain/heads.js'
import type { Rpc } from '../../../../plugins/evm/chain/rpc.js'
import { memoryLog } from '../../../support/evm/life.js'
import { rejectionError } from '../../../support/failures.js'

const MINUTE_MS = 60_000
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS

describe('the newest block of an EVM chain', () => {
  let head = { number: 1, hash: '0x01', timestampMs: 0 }
  const rpc = { host: 'node', head: () => Promise.resolve(head) } as unknown as Rpc
  const heads = (maxAgeMs: number): Heads => new Heads({ rpc, log: memoryLog(), confirmations: 1, maxAgeMs })

  it('is none when it is of the future, and what is read later is not measured by it', async () => {
    const chain = heads(10 * MINUTE_MS)
    head = { number: 4_000_000_000, hash: '0x02', timestampMs: Date.now() + YEAR_MS }
    expect((await rejectionError(chain.latest())).message).to.match(/ahead of the clock of this computer/)
    head = { number: 7, hash: '0x03', timestampMs: Date.now() + MINUTE_MS }
    expect([await chain.latest(), await chain.confirmed()]).to.deep.equal([head, 7])
  })

  it('may have any time on a chain of developers', async () => {
    head = { number: 9, hash: '0x04', timestampMs: Date.now() + YEAR_MS }
    expect(await heads(Infinity).latest()).to.equal(head)
  })
})
