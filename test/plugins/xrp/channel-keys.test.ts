/** Claims are signed and checked over the ledger's own bytes, and as strictly as the ledger does. Vectors: computed with xrpl.js 5.3.0. */
import { readFileSync } from 'node:fs'
import { createPrivateKey, sign } from 'node:crypto'
import { expect } from 'chai'
import { verifyPaymentChannelClaim } from 'xrpl'
import { ChannelKeys, channelIdOf, isGoodKey, isSignedWith } from '../../../plugins/xrp/channel-keys.js'

interface Vectors {
  channelIds: Array<{ source: string, destination: string, sequence?: number, ticketSequence?: number, id: string }>
  claims: Array<{ channel: string, drops: string, ed25519: string }>
  refused: Array<{ why: string, drops: string, publicKey: string, signature: string, xrpljs: boolean }>
  claimsKeyEd25519: { publicKey: string, privateKey: string }
  smallOrderKeys: string[]
  payer: { address: string }
  payee: { address: string }
}

const FILE = new URL('../../../../test/support/rippled/vectors.json', import.meta.url)
const { channelIds, claims, refused, claimsKeyEd25519: { publicKey, privateKey }, smallOrderKeys, payer, payee } =
  JSON.parse(readFileSync(FILE, 'utf8')) as Vectors
const CHANNEL = claims[0]!.channel

describe('keys of channels on the XRP Ledger', () => {
  it('belong to channels whose ids are known before they are opened', () => {
    for (const { source, destination, sequence, ticketSequence, id } of channelIds) {
      expect(channelIdOf(source, destination, sequence ?? ticketSequence ?? 0)).to.equal(id)
    }
  })

  it('take what the ledger takes', async () => {
    for (const { channel, drops, ed25519 } of claims) {
      expect(await isSignedWith(publicKey, channel, BigInt(drops), ed25519), drops).to.equal(true)
    }
  })

  for (const { why, drops, publicKey: key, signature } of refused) {
    it(`refuse what the ledger refuses: ${why}`, async () => {
      expect(await isSignedWith(key, CHANNEL, BigInt(drops), signature)).to.equal(false)
    })
  }

  it('are needed, because the library takes a claim that nobody can redeem', () => {
    const { drops, publicKey: key, signature } = refused[0]!
    expect(verifyPaymentChannelClaim(CHANNEL, String(Number(drops) / 1e6), signature, key)).to.equal(true)
  })

  it('are not points of small order, under which one signature is good for many claims', async () => {
    for (const key of smallOrderKeys) {
      expect(isGoodKey(key), key).to.equal(false)
      expect(await isSignedWith(key, CHANNEL, 1n, '0'.repeat(128))).to.equal(false)
    }
    for (const key of ['', 'ED', publicKey.toLowerCase(), publicKey.replace('ED', '02'), `${publicKey}00`]) {
      expect(isGoodKey(key), key).to.equal(false)
    }
    expect(isGoodKey(publicKey)).to.equal(true)
  })

  it('refuse amounts that no ledger knows', async () => {
    for (const drops of [-1n, 2n ** 64n]) expect(await isSignedWith(publicKey, CHANNEL, drops, claims[0]!.ed25519)).to.equal(false)
    const key = new ChannelKeys(Buffer.alloc(16, 1), 1, payer.address).keyFor(payee.address, 1)
    expect(() => key.sign(CHANNEL, 2n ** 64n)).to.throw(RangeError)
  })

  it('are one for each network, account, peer and channel, and always the same', async () => {
    const secret = Buffer.alloc(16, 7)
    const keyOf = (network: number, us: string, peer: string, sequence: number, of = secret): string =>
      new ChannelKeys(of, network, us).keyFor(peer, sequence).publicKey
    const one = keyOf(1, payer.address, payee.address, 5)
    expect(keyOf(1, payer.address, payee.address, 5)).to.equal(one)
    const others = [
      keyOf(0, payer.address, payee.address, 5), keyOf(1, payee.address, payer.address, 5), keyOf(1, payer.address, payer.address, 5),
      keyOf(1, payer.address, payee.address, 6), keyOf(1, payer.address, payee.address, 5, Buffer.alloc(16, 8))
    ]
    expect(new Set([one, ...others]).size).to.equal(6)
    const key = new ChannelKeys(secret, 1, payer.address).keyFor(payee.address, 5)
    expect(await isSignedWith(one, CHANNEL, 12n, key.sign(CHANNEL, 12n))).to.equal(true)
  })

  it('sign byte for byte as the library does', () => {
    const seed = Buffer.from(privateKey.slice(2), 'hex')
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    for (const { channel, drops, ed25519 } of claims) {
      const amount = Buffer.alloc(8)
      amount.writeBigUInt64BE(BigInt(drops))
      const bytes = Buffer.concat([Buffer.from('434C4D00', 'hex'), Buffer.from(channel, 'hex'), amount])
      expect(sign(null, bytes, key).toString('hex').toUpperCase()).to.equal(ed25519)
    }
  })
})
