/** Claims of Mina as they travel: what deployed nodes can read, every form of signature, and what is worth nothing here. */
import { expect } from 'chai'
import MinaSigner from 'mina-signer'
import sinon from 'sinon'
import { ClaimError } from '../../../plugins/lib/channels/types.js'
import type { Claim } from '../../../plugins/lib/channels/types.js'
import { MinaClaims } from '../../../plugins/mina/claims.js'
import { signatures } from '../../../plugins/mina/crypto/signature-threads.js'
import { COIN, signatureOf } from '../../../plugins/mina/formats.js'
import { claimFields, commitmentOf, domainOf } from '../../../plugins/mina/hashes.js'
import { measuredRate } from '../../../plugins/mina/claim-rate.js'
import { freshKey } from '../../support/mina/settling.js'

const CHAIN_ID = 'mina:devnet'
const [payer, payee, channel, other] = [freshKey(), freshKey(), freshKey().address, freshKey().address]
const client = new MinaSigner({ network: 'mainnet' })
const theirs = new MinaClaims({ chainId: CHAIN_ID, key: payer, peer: payee.address, signatures })
const ours = new MinaClaims({ chainId: CHAIN_ID, key: payee, peer: payer.address, signatures })

type Fields = Record<string, unknown>

describe('claims on Mina', function () {
  this.timeout(20_000)
  let claim: Claim
  before(async () => { claim = await theirs.make({ channelId: channel, nonce: 3n, total: 400n, senderId: 'payer' }) })
  const fields = (): Fields => JSON.parse(claim.text) as Fields
  const read = (more: Fields): Claim => ours.parse(Buffer.from(JSON.stringify({ ...fields(), ...more })))
  const refusal = (more: Fields): string => {
    try {
      read(more)
    } catch (error) {
      expect(error).to.be.an.instanceOf(ClaimError)
      return `${(error as ClaimError).ilpErrorCode} ${(error as Error).message}`
    }
    return 'taken'
  }

  it('have the fields of version 1.0, and commit to chain, channel and amount', () => {
    const domain = domainOf(CHAIN_ID, channel)
    expect(fields()).to.deep.include({
      version: '1.0', blockchain: 'mina', zkAppAddress: channel, tokenId: COIN, nonce: 3, transferredAmount: '400', balanceB: '0', signerPublicKey: payer.address,
      network: 'devnet', salt: String(domain), balanceCommitment: String(commitmentOf(400n, domain))
    })
  })

  it('are signed over three fields as mina-signer signs them, whatever network its client is of', () => {
    const data = claimFields({ channel, domain: domainOf(CHAIN_ID, channel), amount: 400n, nonce: 3n })
    expect(data).to.have.lengthOf(3)
    expect(client.verifyFields({ data, signature: claim.signature, publicKey: payer.address })).to.equal(true)
  })

  it('are read in every form of signature', async () => {
    const { r, s } = signatureOf(claim.signature)!
    const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64')
    for (const proof of [base64({ r: String(r), s: String(s) }), base64({ field: String(r), scalar: String(s) }), claim.signature]) {
      const found = read({ proof })
      expect([found.signature, found.total, found.nonce, found.signer]).to.deep.equal([claim.signature, 400n, 3n, payer.address])
      expect(await ours.verify(found)).to.equal(true)
    }
    for (const proof of ['', 'AAAA', base64({ r: 1, s: 2 }), base64({ r: String(r) }), base64({ r: '9'.repeat(78), s: '1' }), 'x'.repeat(2000), 7]) {
      expect(refusal({ proof }), String(proof).slice(0, 20)).to.match(/^F06 .*proof/)
    }
  })

  it('ignore a second signature, and take the peer for the signer where none is named', () => {
    expect(read({ signatureB: 'anything', signerPublicKey: undefined }).signer).to.equal(payer.address)
  })

  it('of deployed nodes are refused in words that say what they are worth', () => {
    expect(refusal({ salt: '0' })).to.match(/^F06 Unknown channel: the claim is for a contract that pays only what both parties have signed/)
    expect(refusal({ salt: '123', network: undefined, balanceB: '5' })).to.match(/^F06 Unknown channel/)
  })

  it('for something else are refused (rows 2, 10)', async () => {
    for (const [more, expected] of [
      [{ tokenId: 'other' }, /^F06 Unknown channel: channels on Mina are in MINA only/],
      [{ network: 'mainnet' }, /^F06 Unknown channel: claim is for another network/],
      [{ network: 7 }, /^F06 Unknown channel: claim is for another network/],
      [{ zkAppAddress: other }, /^F06 Unknown channel/],
      [{ blockchain: 'xrp' }, /^F06 Unknown channel: claim is for another chain/]
    ] as const) expect(refusal(more)).to.match(expected)
    const lightnet = new MinaClaims({ chainId: 'mina:lightnet', key: payer, peer: payee.address, signatures })
    const { text } = await lightnet.make({ channelId: channel, nonce: 3n, total: 400n, senderId: 'payer' })
    expect(refusal({ ...JSON.parse(text) as Fields, network: 'devnet' })).to.match(/^F06 Unknown channel/)
    expect(await ours.verify({ ...claim, channelId: other })).to.equal(false)
  })

  it('that are not in order say which field is wrong', () => {
    for (const [more, field] of [
      [{ zkAppAddress: 'B62' }, 'zkAppAddress'], [{ nonce: '3' }, 'nonce'], [{ nonce: -1 }, 'nonce'], [{ transferredAmount: 400 }, 'transferredAmount'],
      [{ transferredAmount: String(2n ** 64n) }, 'transferredAmount'], [{ balanceCommitment: '1' }, 'balanceCommitment'], [{ salt: undefined }, 'salt'],
      [{ balanceB: '1' }, 'balanceB'], [{ signerPublicKey: 'me' }, 'signerPublicKey'], [{ transferredAmount: '401' }, 'balanceCommitment']
    ] as const) expect(refusal(more), field).to.match(new RegExp(`^F06 Invalid claim structure: .*${field}`))
  })

  it('raised, of another nonce, or by somebody else, are not genuine (row 1)', async () => {
    for (const forged of [{ ...claim, total: 401n }, { ...claim, nonce: 4n }, { ...claim, signer: payee.address }]) {
      expect(await ours.verify(forged)).to.equal(false)
    }
    const own = await ours.make({ channelId: channel, nonce: 3n, total: 400n, senderId: 'payee' })
    expect(await ours.verify({ ...own, signer: payer.address })).to.equal(false)
  })

  it('that are bad twenty times in a row are looked at once a second, and others of then not at all (row 22)', async () => {
    let looked = 0
    const codec = new MinaClaims({
      chainId: CHAIN_ID,
      key: payee,
      peer: payer.address,
      signatures: { sign: () => Promise.reject(new Error('nobody signs')), isSignedBy: () => Promise.resolve(++looked > 20) }
    })
    for (let i = 0; i < 20; i++) expect(await codec.verify(claim)).to.equal(false)
    const flood = await Promise.allSettled(Array.from({ length: 50 }, () => codec.verify(claim)))
    expect(flood.filter(({ status }) => status === 'fulfilled')).to.have.lengthOf(1)
    expect(looked).to.equal(21)
    expect(await codec.verify(claim), 'a good one ends it').to.equal(true)
  })

  it('that are bad sixty times in a second are looked at once a second, also with good ones between (row 22)', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
    let looked = 0
    const isSignedBy = (): Promise<boolean> => Promise.resolve(++looked % 10 === 0)
    const codec = new MinaClaims({
      chainId: CHAIN_ID, key: payee, peer: payer.address, signatures: { sign: () => Promise.reject(new Error('nobody signs')), isSignedBy }
    })
    const flood = (): Promise<unknown> => codec.verify(claim).catch(() => undefined)
    for (let i = 0; i < 66; i++) await flood()
    const more = Array.from({ length: 100 }, flood)
    expect(looked, 'sixty bad ones, and the good ones between').to.equal(66)
    await clock.tickAsync(1000)
    await Promise.all(more)
    expect(looked, 'and one of the others').to.equal(67)
    await flood()
    expect(looked, 'in the next second they are looked at again').to.equal(68)
    clock.restore()
  })

  it('tell of themselves when they are genuine and the peer\'s', async () => {
    const heard: bigint[] = []
    const onGenuine = ({ total }: Pick<Claim, 'total'>): void => { heard.push(total) }
    const codec = new MinaClaims({ chainId: CHAIN_ID, key: payee, peer: payer.address, signatures, onGenuine })
    await codec.verify({ ...claim, total: 1n })
    await codec.verify(claim)
    await codec.verify(await codec.make({ channelId: channel, nonce: 1n, total: 9n, senderId: 'us' }))
    expect(heard).to.deep.equal([400n])
  })

  it('are so slow that their rate is worth a warning', async () => {
    expect(await measuredRate(signatures, CHAIN_ID, payer)).to.be.above(0)
  })
})
