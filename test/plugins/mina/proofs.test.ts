/** Which proof answers a close: all of the best claim, unless that is not there in time. */
import { expect } from 'chai'
import { inWords, Proofs } from '../../../plugins/mina/proofs.js'
import { memoryLog, memoryStore } from '../../support/evm/life.js'

const CHANNEL = { address: 'B62channel', state: ['0'] }
const claim = (amount: bigint) => ({ amount: String(amount), nonce: String(amount), signature: { r: '1', s: '1' } })

const anew = (): Promise<string> => Promise.resolve('anew')

describe('a proof that was made in advance', () => {
  const life = async (later: () => Promise<string>) => {
    const log = memoryLog()
    let made = 0
    const preempting: boolean[] = []
    const prover = {
      prove: (_job: object, _priority: number, preempts = false) => {
        preempting.push(preempts)
        return made++ === 0 ? Promise.resolve('in advance') : later()
      }
    }
    const proofs = new Proofs({ prover, sender: 'B62us', store: memoryStore(), name: 'proofs', step: 10n, log })
    await proofs.prepare(CHANNEL, claim(60n), 0n)
    return { proofs, log, preempting, made: () => made }
  }

  it('is used at once for the claim that it is of', async () => {
    const { proofs, made } = await life(anew)
    expect(await proofs.redeem(CHANNEL, claim(60n), 0n, { patienceMs: 10_000, isLate: false })).to.equal('in advance')
    expect(made()).to.equal(1)
  })

  it('of an earlier claim gives way to one of the best', async () => {
    const { proofs } = await life(anew)
    expect(await proofs.redeem(CHANNEL, claim(65n), 0n, { patienceMs: 10_000, isLate: false })).to.equal('anew')
  })

  it('of an earlier claim is used where the prover is too slow, or fails', async () => {
    for (const later of [() => new Promise<string>(() => undefined), () => Promise.reject(new Error('broken'))]) {
      const { proofs, log } = await life(later)
      expect(await proofs.redeem(CHANNEL, claim(65n), 0n, { patienceMs: 5, isLate: false })).to.equal('in advance')
      expect(log.lines.join()).to.match(/an earlier claim is redeemed first/)
    }
  })

  it('does not end what is being proven for others before half of the time is over', async () => {
    const { proofs, preempting } = await life(anew)
    await proofs.redeem(CHANNEL, claim(65n), 0n, { patienceMs: 10_000, isLate: false })
    await proofs.redeem(CHANNEL, claim(65n), 0n, { patienceMs: 10_000, isLate: true })
    expect(preempting).to.deep.equal([false, false, true])
  })

  it('is of no use once something was redeemed, or while nothing ends', async () => {
    const { proofs } = await life(anew)
    expect(await proofs.redeem(CHANNEL, claim(65n), 10n, { patienceMs: 0, isLate: false })).to.equal('anew')
    expect(await proofs.redeem(CHANNEL, claim(65n), 0n)).to.equal('anew')
  })

  it('is told to operators in words', () => {
    expect(inWords({ state: 'proving', job: { kind: 'redeem', since: 1000, tries: 1 }, queued: 1 }, 43_000)).to.equal('mina: proving redeem since 42 s, 1 queued')
    expect(inWords({ state: 'idle', queued: 0 })).to.equal(undefined)
  })
})
