/** A vault that never answers, or answers late, costs a bounded wait, and so does a queue; what a late answer says counts for nothing. */
import { expect } from 'chai'
import sinon from 'sinon'
import { rawSigner } from '../../../../plugins/lib/keys/raw.js'
import { MAX_WAITING } from '../../../../plugins/lib/keys/signing-queue.js'
import { openVaultSigner } from '../../../../plugins/lib/keys/vault-signer.js'
import { VaultError, type Vault } from '../../../../plugins/lib/keys/vault.js'
import { memoryLog } from '../../../support/evm/life.js'
import { never, rejectionError } from '../../../support/failures.js'

const DIGEST = Buffer.alloc(32, 3)
const key = rawSigner('secp256k1', Buffer.alloc(32, 9))

function vaultThat (sign: Vault['sign'], read: Vault['read'] = () => Promise.resolve(key)): Vault {
  return { label: 'the vault', parallel: 2, read, sign }
}

describe('a key in a vault', () => {
  let clock: sinon.SinonFakeTimers
  beforeEach(() => { clock = sinon.useFakeTimers() })
  afterEach(() => { clock.restore() })

  it('that never answers is given up, its client is told, and its trouble shown', async () => {
    const signals: AbortSignal[] = []
    const signer = await openVaultSigner(vaultThat((_curve, _bytes, signal) => { signals.push(signal); return never() }), ['secp256k1'], memoryLog())
    const refused = rejectionError(signer.sign(DIGEST))
    await clock.tickAsync(60_000)
    expect((await refused).message).to.equal('the vault has not answered within 5000 ms')
    expect(signer.trouble).to.equal('the vault has not answered within 5000 ms')
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true, true, true, true])
  })

  it('that answers too late has not signed: the next answer counts, once', async () => {
    let asked = 0
    const signer = await openVaultSigner(vaultThat(async () => {
      if (++asked === 1) await new Promise(resolve => { setTimeout(resolve, 5500) })
      return (await key.sign(DIGEST)).subarray(0, 64)
    }), ['secp256k1'], memoryLog())
    const signing = signer.sign(DIGEST)
    await clock.tickAsync(10_000)
    expect([await signing, asked, signer.trouble]).to.deep.equal([await key.sign(DIGEST), 2, undefined])
  })

  it('is asked for a few signatures at a time, in order, and keeps a bounded number of callers waiting', async () => {
    const running: Array<() => void> = []
    let [now, most] = [0, 0]
    const signer = await openVaultSigner(vaultThat(async () => {
      most = Math.max(most, ++now)
      await new Promise<void>(resolve => { running.push(resolve) })
      now--
      return (await key.sign(DIGEST)).subarray(0, 64)
    }), ['secp256k1'], memoryLog())
    const waiting = Array.from({ length: 2 + MAX_WAITING }, () => signer.sign(DIGEST))
    expect((await rejectionError(signer.sign(DIGEST))).message).to.contain(`${MAX_WAITING} signatures are waiting already`)
    for (let done = 0; done < waiting.length; done++) {
      await clock.tickAsync(0)
      running.shift()?.()
    }
    expect((await Promise.all(waiting)).length).to.equal(2 + MAX_WAITING)
    expect(most).to.equal(2)
    const again = signer.sign(DIGEST)
    await clock.tickAsync(0)
    running.shift()?.()
    expect(await again).to.have.lengthOf(65)
  })

  it('that is away gives up those that have waited too long for their turn, and not only one after the other', async () => {
    const signer = await openVaultSigner(vaultThat(() => never()), ['secp256k1'], memoryLog())
    const refused = Array.from({ length: 20 }, () => rejectionError(signer.sign(DIGEST)))
    await clock.tickAsync(80_000)
    const said = (await Promise.all(refused)).map(({ message }) => message)
    expect(said.filter(message => message.includes('no turn for a signature within 30000 ms'))).to.have.lengthOf.above(10)
  })

  it('is not asked again where that cannot help', async () => {
    let asked = 0
    const opening = openVaultSigner(vaultThat(() => never(), () => {
      asked++
      return Promise.reject(new VaultError('no', false))
    }), ['secp256k1'], memoryLog())
    expect((await rejectionError(opening)).message).to.equal('no')
    expect(asked).to.equal(1)
  })
})
