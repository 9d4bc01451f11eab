/** Claims on Aptos: which bytes are signed, what a message says, and what is refused with which words. The vectors are of other code. */
import { createPrivateKey, sign } from 'node:crypto'
import { expect } from 'chai'
import { AptosClaims, isSigned, type ClaimSource } from '../../../plugins/aptos/claims.js'
import { ClaimKey } from '../../../plugins/aptos/claim-keys.js'
import { canonicalAddress } from '../../../plugins/aptos/formats.js'
import { keysOf } from '../../../plugins/aptos/keys.js'
import { claimMessage, consentMessage } from '../../../plugins/aptos/messages.js'
import type { ChannelState } from '../../../plugins/lib/channels/types.js'
import { rejectionError } from '../../support/failures.js'

/** Made with the SDK and, the torsion point, with a library for curves. */
const SEED = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
const PUBLIC_KEY = '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8'
const ADDRESS = '0xdeb6bc1848ba9de44f8ebd4009dd666fe46ac921246500c18476dd1b96f1cb3a'
const CLAIM = '0f534c554943455f434c41494d5f56310100000000000000000000000000000000000000000000000000000000000511ce' +
  '0000000000000000000000000000000000000000000000000000000000c0ffee00000000000000000000000000000000000000000000000000000000000a11ce' +
  '87d6120000000000'
const SIGNATURE = 'ffd50c355f1f8363068445075e58a825645aff28ed0a9f7bc9377e9410c51809' +
  'bd52eae08399f986ab057c3f5d619ecef376378961308cfde0c0decd5c89940c'
const CONSENT = '0f534c554943455f434c4f53455f56310100000000000000000000000000000000000000000000000000000000000511ce' +
  '0000000000000000000000000000000000000000000000000000000000c0ffee00000000000000000000000000000000000000000000000000000000000a11ce' +
  '280000000000000000b33f7100000000'
/** With a point of order 8 added to its first half: libraries that multiply with the cofactor take it, and the chain does not. */
const TORSION = '984c3481518c9174132f598651ac6063f185de253025a3edc204097c09863fe4' +
  'ba439874fcfbc780a5dda851181734bbd63de2596d7e21067fdab641db83d308'
const SMALL_ORDER = [
  `01${'00'.repeat(31)}`, '00'.repeat(32), `${'00'.repeat(31)}80`, `ec${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'
]

const MODULE = canonicalAddress('0x511ce')
const CHANNEL = canonicalAddress('0xc0ffee')
const [ALICE, BOB] = [canonicalAddress('0xa11ce'), canonicalAddress('0xb0b')]
const place = { network: 2, moduleAddress: MODULE }
const [aliceKey, bobKey] = [new ClaimKey(Buffer.alloc(32, 1), place, ALICE, BOB), new ClaimKey(Buffer.alloc(32, 2), place, BOB, ALICE)]

/** That the chain has in the channel. */
const KEYS: Readonly<Record<string, string>> = { [ALICE]: aliceKey.publicKey, [BOB]: bobKey.publicKey }

function sourceOf (address: string, keys = KEYS): ClaimSource {
  const knownKeyIn = (channelId: string, party: string): string | undefined => channelId === CHANNEL ? keys[party] : undefined
  const done = (): Promise<void> => Promise.resolve()
  return { address, knownKeyIn, keyIn: (...of) => Promise.resolve(knownKeyIn(...of)), join: done, checkFresh: done }
}

const claims = new AptosClaims({ place, source: sourceOf(ALICE), keyFor: () => aliceKey, peer: BOB })
const theirs = new AptosClaims({ place, source: sourceOf(BOB), keyFor: () => bobKey, peer: ALICE })
const made = { channelId: CHANNEL, nonce: 300n, total: 300n, senderId: 'alice' }

async function textWith (more: Record<string, unknown>): Promise<Buffer> {
  const { text } = await claims.make(made)
  return Buffer.from(JSON.stringify({ ...JSON.parse(text) as object, ...more }))
}

const stateOf = (ours: string, other: string): ChannelState => {
  const party = (address: string): ChannelState['ours'] => ({ address, deposit: 100n, redeemed: 0n, nonce: 0n })
  return { channelId: CHANNEL, readAtMs: 0, status: 'open', ours: party(ours), theirs: party(other), challengeSecs: 3600 }
}

describe('claims on Aptos', () => {
  it('sign the bytes that the module builds', () => {
    const vector = { network: 1, moduleAddress: MODULE }
    expect(claimMessage(vector, CHANNEL, ALICE, 1_234_567n)?.toString('hex')).to.equal(CLAIM)
    expect(consentMessage(vector, CHANNEL, ALICE, 40n, 1_900_000_000n)?.toString('hex')).to.equal(CONSENT)
    expect([CLAIM.length / 2, CONSENT.length / 2]).to.deep.equal([121, 129])
    for (const amount of [-1n, 2n ** 64n]) expect(claimMessage(vector, CHANNEL, ALICE, amount)).to.equal(undefined)
    const key = createPrivateKey({ key: Buffer.from(`302e020100300506032b657004220420${SEED}`, 'hex'), format: 'der', type: 'pkcs8' })
    expect(sign(null, Buffer.from(CLAIM, 'hex'), key).toString('hex')).to.equal(SIGNATURE)
    expect(keysOf(SEED).key.address, 'the address of the vector').to.equal(ADDRESS)
  })

  it('count as the chain checks signatures: torsion and keys of small order are refused', () => {
    expect(isSigned(PUBLIC_KEY, Buffer.from(CLAIM, 'hex'), SIGNATURE)).to.equal(true)
    expect(isSigned(PUBLIC_KEY, Buffer.from(CLAIM, 'hex'), TORSION)).to.equal(false)
    for (const key of SMALL_ORDER) {
      const forged = `${key}${'00'.repeat(32)}` // good under a key of small order for libraries that do not look
      expect(isSigned(key, Buffer.from(CLAIM, 'hex'), forged), key).to.equal(false)
      expect(isSigned(key, Buffer.from(CLAIM, 'hex'), SIGNATURE), key).to.equal(false)
    }
    expect(isSigned(PUBLIC_KEY, Buffer.from(CONSENT, 'hex'), SIGNATURE), 'a claim for a consent').to.equal(false)
  })

  it('say all that others need to check them', async () => {
    const { text, signature } = await claims.make(made)
    expect(JSON.parse(text)).to.deep.include({
      version: '1.0', blockchain: 'aptos', chainId: 'aptos:testnet', moduleAddress: MODULE, channelId: CHANNEL, amount: '300', nonce: 300, senderId: 'alice',
      signature, publicKey: aliceKey.publicKey
    })
    const read = theirs.parse(Buffer.from(text))
    expect(read).to.deep.include({ channelId: CHANNEL, total: 300n, nonce: 300n, signer: ALICE })
    expect(await theirs.verify(read)).to.equal(true)
    expect(claims.parse(Buffer.from(text)).signer, 'our own, when a peer shows it').to.equal(ALICE)
  })

  it('are made and read above what numbers in JSON say', async () => {
    for (const total of [2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n]) {
      const claim = await claims.make({ ...made, total, nonce: total })
      expect(theirs.parse(Buffer.from(claim.text)).total).to.equal(total)
    }
    expect((await rejectionError(claims.make({ ...made, total: 2n ** 64n }))).message).to.contain('not an amount')
  })

  for (const [what, more, words] of [
    ['the older form, which names the owner of a channel', { channelOwner: '0xa11ce' }, /older form and cannot be enforced: .*moduleAddress must be 0x0+511ce/],
    ['another network', { chainId: 'aptos:mainnet' }, /is for another chain. chainId=aptos:mainnet/],
    ['no network', { chainId: undefined }, /is for another chain/],
    ['another module', { moduleAddress: '0x511cf' }, /is for another contract/],
    ['another blockchain', { blockchain: 'evm' }, /is for another chain. blockchain=evm/],
    ['a channel that is none', { channelId: 'c0ffee' }, /channelId/],
    ['an amount above 64 bits', { amount: String(2n ** 64n), nonce: undefined }, /amount/],
    ['a negative amount', { amount: '-1' }, /amount/],
    ['a nonce that is not the amount', { nonce: 301 }, /nonce/],
    ['a short signature', { signature: 'ab' }, /signature/],
    ['a short key', { publicKey: '00' }, /publicKey/]
  ] as const) {
    it(`are refused for ${what}`, async () => {
      const text = await textWith(more)
      expect(() => theirs.parse(text)).to.throw(words)
    })
  }

  it('count in all spellings of a network, an address and hexadecimal digits', async () => {
    const { signature } = JSON.parse((await textWith({})).toString()) as { signature: string }
    const spelt = { chainId: 'aptos:2', moduleAddress: '0x511CE', channelId: '0xC0FFEE', signature: `0x${signature.toUpperCase()}` }
    const read = theirs.parse(await textWith(spelt))
    expect(await theirs.verify(read)).to.equal(true)
  })

  it('count under the key of the channel only, which the payer has set', async () => {
    const read = theirs.parse(await textWith({}))
    const withKeys = (keys: Record<string, string>): AptosClaims =>
      new AptosClaims({ place, source: sourceOf(BOB, keys), keyFor: () => bobKey, peer: ALICE })
    expect(await withKeys({ [ALICE]: bobKey.publicKey }).verify(read), 'another key').to.equal(false)
    expect(await withKeys({}).verify(read), 'no key').to.equal(false)
    const own = theirs.parse(Buffer.from((await theirs.make({ ...made, senderId: 'bob' })).text))
    expect(own.signer, 'a claim of the payee is its own').to.equal(BOB)
  })

  it('are worth nothing on another network, module, channel, or of another payer', async () => {
    const claim = theirs.parse(await textWith({}))
    for (const elsewhere of [{ ...place, network: 3 }, { ...place, moduleAddress: ALICE }]) {
      const codec = new AptosClaims({ place: elsewhere, source: sourceOf(BOB), keyFor: () => bobKey, peer: ALICE })
      expect(await codec.verify(claim)).to.equal(false)
    }
    expect(await theirs.verify({ ...claim, channelId: canonicalAddress('0xc0ffef') })).to.equal(false)
    expect(await theirs.verify({ ...claim, total: 301n })).to.equal(false)
    expect(await theirs.verify({ ...claim, signer: BOB })).to.equal(false)
  })

  it('are not taken while a close may have been missed', async () => {
    const stale = { ...sourceOf(BOB), checkFresh: () => Promise.reject(new Error('no new block')) }
    const claim = theirs.parse(await textWith({}))
    expect((await rejectionError(new AptosClaims({ place, source: stale, keyFor: () => bobKey, peer: ALICE }).verify(claim))).message).to.equal('no new block')
  })

  it('are not made where the channel has another key of ours', async () => {
    const other = new AptosClaims({ place, source: sourceOf(ALICE, { [ALICE]: bobKey.publicKey }), keyFor: () => aliceKey, peer: BOB })
    expect((await rejectionError(other.make(made))).message).to.contain('another key of ours')
  })
})

describe('the consent to the end of a channel of Aptos', () => {
  const consent = { channelId: CHANNEL, least: 40n, pays: 60n, validUntil: 1_900_000_000 }

  it('is of its signer, and of what the signer gets at least', async () => {
    const signature = await claims.signConsent(consent, stateOf(ALICE, BOB))
    expect(await theirs.verifyConsent(consent, stateOf(BOB, ALICE), signature)).to.equal(true)
    const others = [{ least: 39n }, { validUntil: 1_900_000_001 }, { channelId: ALICE }, { least: 2n ** 64n }, { validUntil: -1 }]
    for (const [i, other] of others.entries()) {
      expect(await theirs.verifyConsent({ ...consent, ...other }, stateOf(BOB, ALICE), signature), String(i)).to.equal(false)
    }
    expect(await claims.verifyConsent(consent, stateOf(ALICE, BOB), signature), 'of who asks').to.equal(false)
  })

  it('is not a claim', async () => {
    const { signature } = await claims.make({ ...made, total: 40n })
    expect(await theirs.verifyConsent(consent, stateOf(BOB, ALICE), signature)).to.equal(false)
  })

  it('is signed when our key is in the channel, and not before', async () => {
    const late = { ...sourceOf(ALICE), join: () => Promise.reject(new Error('not in yet')) }
    const unjoined = new AptosClaims({ place, source: late, keyFor: () => aliceKey, peer: BOB })
    expect((await rejectionError(unjoined.signConsent(consent, stateOf(ALICE, BOB)))).message).to.equal('not in yet')
  })
})

describe('the key of claims', () => {
  it('is another one for each network, module, account and peer, and not that of the account', () => {
    const secret = Buffer.from(SEED, 'hex')
    const keyOf = (at: typeof place, address: string, peer: string): string => new ClaimKey(secret, at, address, peer).publicKey
    const all = [
      keyOf(place, ALICE, BOB), keyOf({ ...place, network: 3 }, ALICE, BOB), keyOf({ ...place, moduleAddress: BOB }, ALICE, BOB),
      keyOf(place, BOB, ALICE), keyOf(place, ALICE, MODULE), keysOf(SEED).key.publicKey.toString('hex')
    ]
    expect(new Set(all).size).to.equal(all.length)
    expect(keyOf(place, ALICE, BOB)).to.equal(all[0])
  })
})
