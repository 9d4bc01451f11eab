/** Claims of EVM chains byte for byte, as deployed nodes make and read them, and signatures with and without the native library. */
import { expect } from 'chai'
import fc from 'fast-check'
import { TypedDataEncoder, Wallet } from 'ethers'
import { EvmClaims } from '../../../plugins/evm/claims.js'
import { typedDataOf } from '../../../plugins/evm/eip712.js'
import { nativeCurve } from '../../../plugins/evm/crypto/secp256k1.js'
import { SignatureThreads } from '../../../plugins/evm/crypto/signature-threads.js'
import { rawKeyOf } from '../../../plugins/evm/chain/signer.js'
import { ClaimError } from '../../../plugins/lib/channels/types.js'
import type { ChannelState, Party } from '../../../plugins/lib/channels/types.js'
import { noRejectionLeft } from '../../support/unhandled.js'

const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80' // the first account of every development chain
const ADDRESS = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'
const CONTRACT = '0x5fbdb2315678afecb367f032d93f642f64180aa3'
const TOKEN = `0x${'22'.repeat(20)}`
const CHANNEL = `0x${'11'.repeat(32)}`
const DIGEST = '557b679d651914cdafc73449d19a915e1b303481f5fc2d568f97fc9e225298e7'
const SIGNATURE = '0x62fc653fbe97b9e691907c678c641f03a13d4994998d6edb3853fa356f131f7b' +
  '270604c0b3681ab5a7cba72d626436a1a05aee9539db37ce76d6f508d5c6842a1c'
const DOMAIN = { name: 'TokenNetwork', version: '1', chainId: 31337, verifyingContract: CONTRACT }
const BALANCE_PROOF = [
  { name: 'channelId', type: 'bytes32' }, { name: 'nonce', type: 'uint256' }, { name: 'transferredAmount', type: 'uint256' },
  { name: 'lockedAmount', type: 'uint256' }, { name: 'locksRoot', type: 'bytes32' }
]
const CLOSE_CONSENT = [
  { name: 'channelId', type: 'bytes32' }, { name: 'participant', type: 'address' }, { name: 'least', type: 'uint256' }, { name: 'validUntil', type: 'uint256' }
]

const typed = typedDataOf(31337n, CONTRACT)
const claims = new EvmClaims({ chainId: 31337n, tokenNetwork: CONTRACT, token: TOKEN }, rawKeyOf(KEY))
const uint = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })

async function made (): Promise<Record<string, unknown>> {
  const { text } = await claims.make({ channelId: CHANNEL, nonce: 1n, total: 1000n, senderId: 'g.alice' })
  return JSON.parse(text) as Record<string, unknown>
}

function refusalOf (fields: unknown): string {
  try {
    claims.parse(Buffer.from(typeof fields === 'string' ? fields : JSON.stringify(fields)))
  } catch (error) {
    if (error instanceof ClaimError) return `${error.ilpErrorCode} ${error.message}`
    throw error
  }
  return 'taken'
}

describe('claims of EVM chains', () => {
  noRejectionLeft()

  it('have the digest and signature that deployed nodes make', async () => {
    expect(typed.claimDigest(CHANNEL, 1n, 1000n).toString('hex')).to.equal(DIGEST)
    expect(await claims.make({ channelId: CHANNEL, nonce: 1n, total: 1000n, senderId: 'g.alice' })).to.deep.include({ signature: SIGNATURE, signer: ADDRESS })
  })

  it('have the digests of EIP-712, as ethers makes them', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), uint, uint, uint, (id, a, b, c) => {
      const channelId = `0x${Buffer.from(id).toString('hex')}`
      const zero = `0x${'0'.repeat(64)}`
      expect(`0x${typed.claimDigest(channelId, a, b).toString('hex')}`).to.equal(TypedDataEncoder.hash(
        DOMAIN, { BalanceProof: BALANCE_PROOF }, { channelId, nonce: a, transferredAmount: b, lockedAmount: 0, locksRoot: zero }))
      const validUntil = Number(c % 10_000_000_000n)
      expect(`0x${typed.consentDigest({ channelId, least: a, validUntil }, ADDRESS).toString('hex')}`).to.equal(TypedDataEncoder.hash(
        DOMAIN, { CloseConsent: CLOSE_CONSENT }, { channelId, participant: ADDRESS, least: a, validUntil }))
    }), { numRuns: 50 })
  })

  describe('and the consent to the end of a channel', () => {
    const peer = new Wallet(`0x${'5a'.repeat(32)}`)
    const party = (address: string): Party => ({ address, deposit: 0n, redeemed: 0n, nonce: 0n })
    const state: ChannelState = {
      channelId: CHANNEL, readAtMs: 0, status: 'open', challengeSecs: 3600, ours: party(ADDRESS), theirs: party(peer.address.toLowerCase())
    }
    const consent = { channelId: CHANNEL, least: 1000n, pays: 0n, validUntil: 1_800_000_000 }

    function signedBy (wallet: Wallet, participant: string, network = CONTRACT): Promise<string> {
      return wallet.signTypedData({ ...DOMAIN, verifyingContract: network }, { CloseConsent: CLOSE_CONSENT }, { ...consent, participant })
    }

    it('is what a wallet signs', async () => {
      expect(await claims.signConsent(consent, state)).to.equal(await signedBy(new Wallet(KEY), ADDRESS))
      expect(await claims.verifyConsent(consent, state, await signedBy(peer, peer.address))).to.equal(true)
    })

    it('is nobody else\'s than the counterparty\'s, and to nothing else', async () => {
      const good = await signedBy(peer, peer.address)
      for (const bad of [
        await signedBy(new Wallet(KEY), ADDRESS), await signedBy(new Wallet(KEY), peer.address), await signedBy(peer, ADDRESS),
        await signedBy(peer, peer.address, TOKEN), '0x', good.slice(0, -2), 'x', `0x${'00'.repeat(65)}`
      ]) expect(await claims.verifyConsent(consent, state, bad), bad).to.equal(false)
      for (const changed of [
        { least: 999n }, { least: 1001n }, { validUntil: consent.validUntil + 1 }, { channelId: `0x${'12'.repeat(32)}` },
        { least: -1n }, { least: 2n ** 256n }, { validUntil: -1 }, { validUntil: 1.5 }, { validUntil: NaN }
      ]) expect(await claims.verifyConsent({ ...consent, ...changed }, state, good), Object.keys(changed)[0]).to.equal(false)
    })
  })

  it('have all fields of version 1.0', async () => {
    const fields = await made()
    expect(fields).to.deep.include({
      version: '1.0', blockchain: 'evm', senderId: 'g.alice', channelId: CHANNEL, nonce: 1, transferredAmount: '1000', lockedAmount: '0',
      locksRoot: `0x${'0'.repeat(64)}`, signature: SIGNATURE, chainId: 31337
    })
    expect(fields.messageId).to.match(/^evm-11111111-1-\d+$/)
    expect(fields.timestamp).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(String(fields.signerAddress).toLowerCase()).to.equal(ADDRESS)
    expect(await claims.verify(claims.parse(Buffer.from(JSON.stringify(fields))))).to.equal(true)
  })

  it('are taken from wallets, with any case in hex and without the optional fields', async () => {
    const { chainId, tokenNetworkAddress, tokenAddress, ...fields } = await made()
    expect([chainId, tokenNetworkAddress, tokenAddress]).not.to.include(undefined)
    const signature = await new Wallet(KEY).signTypedData(DOMAIN, { BalanceProof: BALANCE_PROOF }, {
      channelId: CHANNEL, nonce: 7, transferredAmount: 9, lockedAmount: 0, locksRoot: `0x${'0'.repeat(64)}`
    })
    const claim = claims.parse(Buffer.from(JSON.stringify({ ...fields, nonce: 7, transferredAmount: '9', signature })))
    expect(claim).to.deep.include({ channelId: CHANNEL, nonce: 7n, total: 9n, signer: ADDRESS })
    expect(await claims.verify(claim)).to.equal(true)
  })

  const FAULTS: ReadonlyArray<[Record<string, unknown>, string]> = [
    [{ version: '2.0' }, `Invalid version (expected '1.0', got '2.0')`],
    [{ blockchain: undefined }, 'Missing blockchain field'],
    [{ blockchain: 'doge' }, 'Unsupported blockchain type: doge'],
    [{ messageId: '' }, 'Missing or invalid messageId (expected non-empty string)'],
    [{ timestamp: 'now' }, 'Invalid timestamp format (expected ISO 8601)'],
    [{ senderId: 5 }, 'Missing or invalid senderId (expected non-empty string)'],
    [{ channelId: '0x11' }, 'Invalid channelId format (expected 0x-prefixed 32-byte hex)'],
    [{ nonce: -1 }, 'Missing or invalid nonce (expected non-negative integer)'],
    [{ nonce: '1' }, 'Missing or invalid nonce (expected non-negative integer)'],
    [{ transferredAmount: 1000 }, 'Missing or invalid transferredAmount (expected non-negative integer string)'],
    [{ transferredAmount: '-5' }, 'Invalid transferredAmount format (expected non-negative integer string)'],
    [{ transferredAmount: String(2n ** 256n) }, 'Invalid transferredAmount format (expected at most 256 bits)'],
    [{ lockedAmount: '1' }, 'Missing or invalid lockedAmount (expected 0)'],
    [{ locksRoot: `0x${'1'.repeat(64)}` }, 'Missing or invalid locksRoot (expected zeros)'],
    [{ signature: '0x00' }, 'Invalid signature format (expected 0x-prefixed 65-byte hex)'],
    [{ signerAddress: undefined }, 'Missing or invalid signerAddress (expected 0x-prefixed 20-byte hex)'],
    [{ chainId: 0 }, 'Missing or invalid chainId (expected positive integer)']
  ]
  for (const [fault, why] of FAULTS) {
    it(`are refused: ${why}`, async () => {
      expect(refusalOf({ ...await made(), ...fault })).to.equal(`F06 Invalid claim structure: ${why}`)
    })
  }

  it('are refused for another chain, contract or token, and when they do not say which', async () => {
    const fields = await made()
    expect(refusalOf({ ...fields, chainId: 1 })).to.equal('F06 Unknown channel: claim is for another chain. chainId=1')
    expect(refusalOf({ ...fields, tokenNetworkAddress: TOKEN })).to.equal('F06 Unknown channel: claim is for another contract')
    expect(refusalOf({ ...fields, tokenAddress: CONTRACT })).to.equal('F06 Unknown channel: claim is for another token')
    expect(refusalOf({ ...fields, blockchain: 'xrp' })).to.equal('F06 Unknown channel: claim is for another chain. blockchain=xrp expected=evm')
    expect(refusalOf({ ...fields, chainId: undefined })).to.equal('F06 Unknown channel: claim must include chainId and tokenNetworkAddress')
  })

  it('are refused, never crash, whatever bytes come', async () => {
    const fields = await made()
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), text => { expect(refusalOf(text)).to.match(/^F06 Invalid claim structure/) }))
    fc.assert(fc.property(fc.constantFrom(...Object.keys(fields)), fc.jsonValue(), (name, value) => {
      expect(refusalOf({ ...fields, [name]: value })).to.match(/^taken$|^F06 /)
    }))
  })
})

describe('signatures of EVM accounts', () => {
  noRejectionLeft()
  const digest = Buffer.from(DIGEST, 'hex')
  const signature = Buffer.from(SIGNATURE.slice(2), 'hex')
  const native = nativeCurve()

  for (const [name, curve] of [['native', native], ['in threads', new SignatureThreads()]] as const) {
    if (curve === undefined) continue
    it(`${name}: are recognized`, async () => {
      expect(await curve.isSignedBy(digest, signature, ADDRESS)).to.equal(true)
      expect(await curve.isSignedBy(digest, signature, CONTRACT)).to.equal(false)
      expect(await curve.isSignedBy(digest, signature, ADDRESS), 'again, with a known key').to.equal(true)
    })

    it(`${name}: are refused when anything is changed, also into the other valid form`, async () => {
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
      const s = order - BigInt(`0x${signature.subarray(32, 64).toString('hex')}`)
      const malleated = Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex'), Buffer.from([27])])
      const changed = [0, 31, 32, 63, 64].map(at => Buffer.from(signature.map((byte, i) => i === at ? byte ^ 1 : byte)))
      for (const forged of [malleated, ...changed, Buffer.alloc(65), Buffer.alloc(65, 255)]) {
        expect(await curve.isSignedBy(digest, forged, ADDRESS), forged.toString('hex')).to.equal(false)
      }
      expect(await curve.isSignedBy(Buffer.alloc(32, 1), signature, ADDRESS)).to.equal(false)
    })
  }

  it('never show a key that is not one', () => {
    for (const keyId of [`0x${'0'.repeat(64)}`, `0x${'f'.repeat(64)}`, 'aws-kms://secret', '0x12secret']) {
      expect(() => rawKeyOf(keyId)).to.throw().and.satisfy(({ message }: Error) => !message.includes(keyId.slice(2)))
    }
  })
})
