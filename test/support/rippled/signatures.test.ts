/** Claims and ids against the vectors of the specification (section 9), and what the ledger refuses though the library takes it (2.5). */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { decode, verifyPaymentChannelClaim } from 'xrpl'
import { channelIndex, sha512Half } from './hashing.js'
import { claimMessage, isKnownKey, isSignedBy } from './signatures.js'
import { readTransaction } from './transaction.js'

interface Vectors {
  payer: { address: string, publicKey: string }
  claimsKeyEd25519: { publicKey: string }
  claimsKeySecp256k1: { publicKey: string }
  channelIds: Array<{ source: string, destination: string, sequence?: number, ticketSequence?: number, id: string }>
  claims: Array<{ channel: string, drops: string, bytes: string, ed25519: string, secp256k1: string }>
  refused: Array<{ why: string, drops: string, publicKey: string, signature: string, xrpljs: boolean }>
  transactions: Record<string, { hash: string, blob: string }>
}

const vectors = JSON.parse(readFileSync('test/support/rippled/vectors.json', 'utf8')) as Vectors
const [first] = vectors.claims as [Vectors['claims'][0]]

describe('the stand-in for rippled: ids and signatures', () => {
  for (const { source, destination, sequence, ticketSequence, id } of vectors.channelIds) {
    it(`has the channel id of ${sequence === undefined ? 'ticket' : 'sequence'} ${sequence ?? ticketSequence ?? ''} from ${source} (vector 9.1)`, () => {
      expect(channelIndex(source, destination, sequence ?? ticketSequence ?? 0)).to.equal(id)
    })
  }

  for (const { channel, drops, bytes, ed25519, secp256k1 } of vectors.claims) {
    it(`takes claims over ${drops} drops by either kind of key (vector 9.2, PK)`, () => {
      expect(claimMessage(channel, BigInt(drops))).to.equal(bytes)
      expect(isSignedBy(vectors.claimsKeyEd25519.publicKey, bytes, ed25519)).to.equal(true)
      expect(isSignedBy(vectors.claimsKeySecp256k1.publicKey, bytes, secp256k1)).to.equal(true)
      expect(isSignedBy(vectors.claimsKeySecp256k1.publicKey, bytes, ed25519)).to.equal(false)
      expect(isSignedBy(vectors.claimsKeyEd25519.publicKey, bytes, secp256k1)).to.equal(false)
    })
  }

  for (const { why, drops, publicKey, signature, xrpljs } of vectors.refused) {
    it(`refuses ${why} (vector 9.4, PK)`, () => {
      expect(isSignedBy(publicKey, claimMessage(first.channel, BigInt(drops)), signature)).to.equal(false)
      expect(verifyPaymentChannelClaim(first.channel, `${Number(drops) / 1e6}`, signature, publicKey), 'what xrpl.js says').to.equal(xrpljs)
    })
  }

  it('refuses DER that is not the shortest, or goes on after its end (PK, ecdsaCanonicality)', () => {
    const key = vectors.claimsKeySecp256k1.publicKey
    const good = vectors.claims[1]?.secp256k1 ?? ''
    const length = Number.parseInt(good.slice(2, 4), 16)
    const sized = (bytes: number): string => bytes.toString(16).padStart(2, '0')
    const variants = [
      `${good}00`,
      `30${sized(length + 1)}02${sized(Number.parseInt(good.slice(6, 8), 16) + 1)}00${good.slice(8)}`,
      good.slice(0, -2), `31${good.slice(2)}`, ''
    ]
    expect(variants.map(signature => isSignedBy(key, vectors.claims[1]?.bytes ?? '', signature))).to.deep.equal(variants.map(() => false))
  })

  it('knows keys by their length and first byte alone (CRE, PK)', () => {
    const point = 'F'.repeat(64)
    expect([`ED${point}`, `02${point}`, `03${point}`].every(isKnownKey)).to.equal(true)
    expect([`04${point}`, `ED${point}00`, `ED${point.slice(2)}`, ''].some(isKnownKey)).to.equal(false)
    expect(isSignedBy(`02${point}`, '00', vectors.claims[0]?.secp256k1 ?? ''), 'not a point').to.equal(false)
  })

  for (const [name, { hash, blob }] of Object.entries(vectors.transactions)) {
    it(`reads the transaction ${name}, and has its hash (vector 9.3)`, () => {
      const tx = readTransaction(blob, () => [])
      expect(tx.hash).to.equal(hash)
      expect(sha512Half('54584E00', blob)).to.equal(hash)
    })
  }

  it('has the flags of closing and renewing the right way round (0.1)', () => {
    expect(decode(vectors.transactions.close?.blob ?? '').Flags).to.equal(0x00020000)
    expect(decode(vectors.transactions.renew?.blob ?? '').Flags).to.equal(0x00010000)
  })
})
