/** Claims on Solana: which bytes are signed, what a message says, and what is refused with which words. */
import { expect } from 'chai'
import fc from 'fast-check'
import { SolanaClaims } from '../../../plugins/solana/claims.js'
import { rawKey, type SolanaKey } from '../../../plugins/solana/ed25519.js'
import { bytesOf, channelIdOf, decodeBase58, encodeBase58, readChannelId, u64 } from '../../../plugins/solana/formats.js'
import type { ChannelState } from '../../../plugins/lib/channels/types.js'

const [alice, bob] = [1, 2].map(byte => rawKey(Buffer.alloc(32, byte))) as [SolanaKey, SolanaKey]
const network = { genesis: encodeBase58(Buffer.alloc(32, 3)), programId: encodeBase58(Buffer.alloc(32, 4)), cluster: 'devnet' as const }
const account = encodeBase58(Buffer.alloc(32, 5))
const channelId = `${account}:77`
const claims = new SolanaClaims(network, alice)
const theirs = new SolanaClaims(network, bob)

/** Made by other code, from the description of the message alone. */
const VECTOR = '06+Ux90KKGP6vOPL0TNqXzLE7hVsmqAENzEkqBQ3AQL+EA35QK1N/b5KKXzDlg+baDCxTgG4n7yXYQjr+jqsBg=='

const party = ({ address }: SolanaKey): ChannelState['ours'] => ({ address, deposit: 100n, redeemed: 0n, nonce: 0n })
const stateOf = (ours: SolanaKey, other: SolanaKey): ChannelState =>
  ({ channelId, readAtMs: 0, status: 'open', ours: party(ours), theirs: party(other), challengeSecs: 3600 })

async function textWith (more: Record<string, unknown>): Promise<Buffer> {
  const { text } = await claims.make({ channelId, nonce: 5n, total: 300n, senderId: 'alice' })
  return Buffer.from(JSON.stringify({ ...JSON.parse(text) as object, ...more }))
}

describe('claims on Solana', () => {
  it('sign 136 bytes: what it is, cluster, program, channel, instance, nonce and amount', async () => {
    const { signature } = await claims.make({ channelId, nonce: 5n, total: 300n, senderId: 'alice' })
    const message = Buffer.concat([
      Buffer.from([0xff]), Buffer.from('SLUICE-CLAIM-V2'), Buffer.alloc(32, 3), Buffer.alloc(32, 4), Buffer.alloc(32, 5), u64(77n), u64(5n), u64(300n)
    ])
    expect(message).to.have.lengthOf(136)
    expect(signature).to.equal((await alice.signMessage(message)).toString('base64'))
    expect(signature, 'the vector').to.equal(VECTOR)
  })

  it('say all that others need to check them', async () => {
    const { text } = await claims.make({ channelId, nonce: 5n, total: 300n, senderId: 'alice' })
    expect(JSON.parse(text)).to.deep.include({
      version: '1.0', blockchain: 'solana', senderId: 'alice', programId: network.programId, channelAccount: account, instance: '77', nonce: 5,
      transferredAmount: '300', signerPublicKey: alice.address, cluster: 'devnet'
    })
    expect((JSON.parse(text) as { messageId: string }).messageId).to.match(new RegExp(`^solana-${account.slice(0, 8)}-5-\\d+$`))
  })

  it('take nonces that numbers in JSON cannot say, as strings', async () => {
    for (const nonce of [2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n]) {
      const claim = await claims.make({ channelId, nonce, total: 300n, senderId: 'alice' })
      const read = theirs.parse(Buffer.from(claim.text))
      expect(read.nonce).to.equal(nonce)
      expect(await theirs.verify(read)).to.equal(true)
    }
  })

  it('of an older form are refused with what to do', async () => {
    const { instance, ...older } = JSON.parse((await textWith({})).toString()) as Record<string, unknown>
    expect(instance).to.equal('77')
    expect(() => theirs.parse(Buffer.from(JSON.stringify(older))))
      .to.throw(`Claim is of an older form and cannot be enforced; programId must be ${network.programId}`)
  })

  for (const [what, more, words] of [
    ['another program', { programId: account }, /is for another contract/],
    ['another cluster', { cluster: 'mainnet-beta' }, /is for another chain. cluster=mainnet-beta/],
    ['another blockchain', { blockchain: 'evm' }, /is for another chain. blockchain=evm/],
    ['an account that is none', { channelAccount: `${account}1` }, /channelAccount/],
    ['an instance above 64 bits', { instance: String(2n ** 64n) }, /instance/],
    ['an amount above 64 bits', { transferredAmount: String(2n ** 64n) }, /transferredAmount/],
    ['a negative amount', { transferredAmount: '-1' }, /transferredAmount/],
    ['a nonce that no number in JSON says', { nonce: 2 ** 53 }, /nonce/],
    ['a signature of another text', { signature: `${'A'.repeat(85)}B==` }, /signature/],
    ['a short signature', { signature: 'AAAA' }, /signature/]
  ] as const) {
    it(`are refused for ${what}`, async () => {
      const text = await textWith(more)
      expect(() => theirs.parse(text)).to.throw(words)
    })
  }

  it('are worth nothing on another cluster, program, channel or life of one', async () => {
    const claim = await claims.make({ channelId, nonce: 5n, total: 300n, senderId: 'alice' })
    expect(await theirs.verify(claim)).to.equal(true)
    const other = encodeBase58(Buffer.alloc(32, 9))
    for (const elsewhere of [{ ...network, genesis: other }, { ...network, programId: other }]) {
      expect(await new SolanaClaims(elsewhere, bob).verify(claim)).to.equal(false)
    }
    for (const id of [`${other}:77`, `${account}:78`]) expect(await theirs.verify({ ...claim, channelId: id }), id).to.equal(false)
    expect(await theirs.verify({ ...claim, total: -1n })).to.equal(false)
  })

  it('that cannot be enforced are not those of a channel: terms of an end are exact, and of their signer', async () => {
    const consent = { channelId, least: 40n, pays: 60n, validUntil: 1_900_000_000 }
    const signature = await claims.signConsent(consent, stateOf(alice, bob))
    expect(await theirs.verifyConsent(consent, stateOf(bob, alice), signature)).to.equal(true)
    const others = [{ least: 41n }, { pays: 61n }, { validUntil: 1 }, { least: 60n, pays: 40n }, { pays: 2n ** 64n }]
    for (const [i, other] of others.entries()) {
      expect(await theirs.verifyConsent({ ...consent, ...other }, stateOf(bob, alice), signature), String(i)).to.equal(false)
    }
    expect(await claims.verifyConsent(consent, stateOf(alice, bob), signature), 'of who asks').to.equal(false)
  })
})

describe('base58', () => {
  it('gives back what went in, with its zeros', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
      expect(decodeBase58(encodeBase58(bytes)) ?? Buffer.alloc(0)).to.deep.equal(Buffer.from(bytes))
    }))
    expect(encodeBase58(Buffer.alloc(32))).to.equal('1'.repeat(32))
    for (const text of ['0', 'O', 'I', 'l', ' 1', '1\n', '1'.repeat(89)]) expect(decodeBase58(text), text).to.equal(undefined)
  })

  it('reads ids of channels in one form', () => {
    expect(readChannelId(channelId)).to.deep.equal({ account, instance: 77n })
    expect(channelIdOf({ account, instance: 77n })).to.equal(channelId)
    for (const id of [account, `${account}:`, `${account}:077`, `${account}:-1`, `${account}:${2n ** 64n}`, `${account}:1:2`, 'x:1']) {
      expect(readChannelId(id), id).to.equal(undefined)
    }
    expect(() => bytesOf('x')).to.throw('not a Solana address')
  })
})
