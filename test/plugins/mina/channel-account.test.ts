/** What an account must be like to be a channel: each field of it, one by one (rows 9, 10, 11 and 25 of the attacks). */
import { expect } from 'chai'
import { channelIn, stateOf } from '../../../plugins/mina/channel-account.js'
import type { Channel } from '../../../plugins/mina/channel-account.js'
import type { ChainAccount } from '../../../plugins/mina/chain/queries.js'
import { pointOf } from '../../../plugins/mina/formats.js'
import { domainOf } from '../../../plugins/mina/hashes.js'
import { freshKey } from '../../support/mina/settling.js'

const [payer, payee, channel] = [freshKey().address, freshKey().address, freshKey().address]
const EXPECTED = { chainId: 'mina:devnet', codeHash: '77', txnVersion: 3 }
const [a, b] = [pointOf(payer)!, pointOf(payee)!]
const TERMS = (a.isOdd ? 1n : 0n) + (b.isOdd ? 2n : 0n) + 480n * 4n
const IMPOSSIBLE = ['setDelegate', 'setPermissions', 'setZkappUri', 'editActionState', 'setTokenSymbol', 'incrementNonce', 'setVotingFor', 'setTiming', 'setVerificationKey']
const PERMISSIONS = {
  send: 'proof', editState: 'proof', receive: 'none', access: 'none', setVerificationKey: 'impossible', ...Object.fromEntries(IMPOSSIBLE.map(name => [name, 'impossible']))
}
const STATE = [a.x, b.x, TERMS, domainOf(EXPECTED.chainId, channel), 0n, 0n, 0n, 0n]
const GOOD: ChainAccount = {
  address: channel, balance: 1000n, nonce: 0, inferredNonce: 0, state: STATE, codeHash: '77', permissions: PERMISSIONS, txnVersion: 3, isTimed: false
}
const FINISHED = 2n ** 64n - 1n
const with_ = (index: number, value: bigint): bigint[] => STATE.with(index, value)

describe('an account as a channel', () => {
  it('says who pays whom, and what is in it', () => {
    expect(channelIn(GOOD, EXPECTED)).to.deep.equal({
      address: channel, payer, payee, challengeSlots: 480, balance: 1000n, paid: 0n, deposit: 1000n, isFinished: false, closesAt: 0
    })
    expect(channelIn({ ...GOOD, state: with_(4, 400n), balance: 600n }, EXPECTED)).to.deep.include({ paid: 400n, deposit: 1000n })
    const finished = [...STATE.slice(0, 4), FINISHED, 1n, 700n, 0n]
    expect(channelIn({ ...GOOD, state: finished, balance: 0n }, EXPECTED)).to.deep.include({ isFinished: true, paid: 700n, deposit: 700n })
    expect(channelIn({ ...GOOD, state: [...STATE, ...Array.from({ length: 24 }, () => 0n)] }, EXPECTED), 'with 32 fields').to.be.an('object')
  })

  it('is none with any other permission (row 9)', () => {
    for (const name of Object.keys(PERMISSIONS)) {
      for (const value of ['none', 'signature', 'proof', 'either', 'impossible']) {
        if (PERMISSIONS[name as keyof typeof PERMISSIONS] === value) continue
        expect(channelIn({ ...GOOD, permissions: { ...PERMISSIONS, [name]: value } }, EXPECTED), `${name} ${value}`).to.be.a('string').and.contain(name)
      }
    }
  })

  const FAULTS: ReadonlyArray<[string, Partial<ChainAccount>, RegExp]> = [
    ['no code', { codeHash: undefined }, /no contract/],
    ['no state', { state: undefined }, /no contract/],
    ['other code', { codeHash: '78' }, /its code is not/],
    ['an older transaction version (row 25)', { txnVersion: 2 }, /can be changed by its key/],
    ['a later transaction version', { txnVersion: 4 }, /can be changed by its key/],
    ['a vesting schedule', { isTimed: true }, /timed/],
    ['the payer as payee', { state: STATE.with(1, a.x).with(2, (a.isOdd ? 3n : 0n) + 1920n) }, /parties/],
    ['a payer that is no point', { state: with_(0, 0n) }, /parties/],
    ['the domain of another chain (row 10)', { state: with_(3, domainOf('mina:lightnet', channel)) }, /another chain or channel/],
    ['the domain of another channel (row 10)', { state: with_(3, domainOf('mina:devnet', payer)) }, /another chain or channel/],
    ['a forged end', { state: with_(5, 1n) }, /none of a channel/],
    ['a forged finish', { state: with_(4, FINISHED) }, /none of a channel/],
    ['a final amount of an open channel', { state: with_(6, 1n) }, /none of a channel/],
    ['something in the spare field', { state: with_(7, 1n) }, /none of a channel/],
    ['an endless challenge', { state: with_(2, 1n << 40n) }, /none of a channel|parties/]
  ]
  for (const [what, more, expected] of FAULTS) {
    it(`is none with ${what}`, () => {
      expect(channelIn({ ...GOOD, ...more }, EXPECTED)).to.match(expected)
    })
  }

  it('shows the challenge in seconds, so that one which the peer chose is judged (row 11), and what is forged as redeemed as paid', () => {
    const read = (state: bigint[]): Channel => channelIn({ ...GOOD, state }, EXPECTED) as Channel
    const view = { ours: payee, slot: 100, slotMs: 180_000, wasOver: false }
    expect(stateOf(read(STATE), view)).to.deep.include({ status: 'open', challengeSecs: 86_400, payer: 'them' })
    expect(stateOf(read(with_(4, 400n)), view).theirs).to.deep.include({ deposit: 1400n, redeemed: 400n })
    expect(() => stateOf(read(STATE), { ...view, ours: channel })).to.throw('between others')
  })

  it('is closing until the slot, and over when nothing is left after it', () => {
    const view = { ours: payer, slotMs: 1000, wasOver: false }
    const closing = channelIn({ ...GOOD, state: with_(5, 500n) }, EXPECTED) as Channel
    const before = stateOf(closing, { ...view, slot: 499 })
    expect([before.status, before.closedByThem, (before.settleableAt ?? 0) > before.readAtMs]).to.deep.equal(['closing', false, true])
    expect(stateOf(closing, { ...view, slot: 500 }).settleableAt).to.be.at.most(Date.now())
    expect(stateOf({ ...closing, balance: 0n, deposit: 0n }, { ...view, slot: 500 }).status).to.equal('settled')
    expect(stateOf(closing, { ...view, slot: 500, wasOver: true }).status).to.equal('settled')
  })

  it('is the payer\'s to empty where something came in while the payee ended it', () => {
    const state = [...STATE.slice(0, 4), FINISHED, 1n, 700n, 0n]
    const read = (balance: bigint): Channel => channelIn({ ...GOOD, state, balance }, EXPECTED) as Channel
    const view = { slotMs: 1000, wasOver: false, slot: 400 }
    const late = stateOf(read(5_000_000_000n), { ...view, ours: payer })
    expect([late.status, late.ours.deposit - late.ours.redeemed]).to.deep.equal(['closing', 5_000_000_000n])
    expect(stateOf(read(5_000_000_000n), { ...view, ours: payee }).status).to.equal('settled')
    expect(stateOf(read(1000n), { ...view, ours: payer }).status, 'what strangers left').to.equal('settled')
  })
})
