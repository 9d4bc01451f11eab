/** The bounds of a key in a vault hold over all accounts that sign with it, and none of these keeps the others from signing. */
import { expect } from 'chai'
import { describeError } from '../../../../src/lib/describe-error.js'
import { rawSigner } from '../../../../plugins/lib/keys/raw.js'
import { MAX_WAITING, inQueueOf } from '../../../../plugins/lib/keys/signing-queue.js'
import { openVaultSigner } from '../../../../plugins/lib/keys/vault-signer.js'
import { memoryLog } from '../../../support/evm/life.js'
import { rejectionError } from '../../../support/failures.js'
import { nextTurn } from '../../../support/waiting.js'

const VAULT = { label: 'the vault', parallel: 2 }
let keys = 0

describe('signatures of one key', () => {
  let ends: Array<() => void>
  let [now, most] = [0, 0]
  let order: string[]
  let key: string
  beforeEach(() => {
    [ends, now, most, order, key] = [[], 0, 0, [], `key ${++keys}`]
  })

  const accounts: Record<string, object> = { a: {}, b: {}, c: {} }

  function sign (account: string): Promise<string> {
    return inQueueOf(key, accounts[account] ?? {}, VAULT, async () => {
      order.push(account)
      most = Math.max(most, ++now)
      await new Promise<void>(resolve => { ends.push(resolve) })
      now--
      return account
    })
  }

  /** One after the other, until nothing is under way. */
  async function endAll (): Promise<void> {
    for (let idle = 0; idle < 20;) {
      const end = ends.shift()
      idle = end === undefined ? idle + 1 : 0
      end?.()
      await nextTurn()
    }
  }

  it('are as few at a time as the vault takes, whichever accounts ask, which take turns', async () => {
    const all = ['a', 'a', 'a', 'a', 'a', 'b', 'c', 'b'].map(sign)
    await endAll()
    expect(await Promise.all(all)).to.have.lengthOf(8)
    expect({ most, order: order.join('') }).to.deep.equal({ most: 2, order: 'aaabcaba' })
  })

  it('wait in a queue that is bounded over all accounts, and that none of them fills for the others', async () => {
    const crowd = Array.from({ length: VAULT.parallel + MAX_WAITING }, () => sign('a').then(() => 'signed', describeError))
    expect((await rejectionError(sign('a'))).message).to.contain(`${MAX_WAITING} signatures are waiting already`)
    const others = Array.from({ length: 100 }, (_, i) => sign(i % 2 === 0 ? 'b' : 'c'))
    await endAll()
    expect(await Promise.all(others)).to.have.lengthOf(100)
    const said = await Promise.all(crowd)
    expect([said.filter(word => word === 'signed').length, said.filter(word => word.includes('waiting already')).length])
      .to.deep.equal([VAULT.parallel + MAX_WAITING - 100, 100])
    expect(most).to.equal(2)
  })

  it('go on after one that has failed', async () => {
    const failing = Array.from({ length: 4 }, () => rejectionError(inQueueOf(key, accounts, VAULT, () => Promise.reject(new Error('no')))))
    expect((await Promise.all(failing)).map(({ message }) => message)).to.deep.equal(['no', 'no', 'no', 'no'])
    const after = sign('a')
    await endAll()
    expect(await after).to.equal('a')
  })

  it('share one bound where two accounts open the same key', async () => {
    const held = rawSigner('secp256k1', Buffer.alloc(32, 11))
    const vault = {
      ...VAULT,
      read: () => Promise.resolve(held),
      sign: async (_curve: string, bytes: Uint8Array) => {
        most = Math.max(most, ++now)
        await nextTurn()
        now--
        return (await held.sign(bytes)).subarray(0, 64)
      }
    }
    const signers = await Promise.all([1, 2].map(() => openVaultSigner({ ...vault }, ['secp256k1'], memoryLog())))
    await Promise.all(signers.flatMap(signer => Array.from({ length: 6 }, () => signer.sign(Buffer.alloc(32, 3)))))
    expect(most).to.equal(2)
  })
})
