/** Claims of the XRP Ledger as they travel: what counts is the key that the ledger has for the channel, whatever a message says. */
import { expect } from 'chai'
import { XrpClaims, type ClaimSource, type Payer } from '../../../plugins/xrp/claims.js'
import { ChannelKeys, channelIdOf } from '../../../plugins/xrp/channel-keys.js'
import { ChainError, ClaimError } from '../../../plugins/lib/channels/types.js'

const US = 'rGMTQpyhaDwWTqmw4dcYHj5NPJhtWNhtRW'
const PEER = 'rDwsjm4ecjNxtYmeaiCMriQ85w1XUocea3'
const THEIR_KEYS = new ChannelKeys(Buffer.alloc(16, 1), 1, PEER)
const OUR_KEYS = new ChannelKeys(Buffer.alloc(16, 2), 1, US)
const CHANNEL = channelIdOf(PEER, US, 4)
const KEY = THEIR_KEYS.keyFor(US, 4)

/** What the ledger says, and whether it has been seen lately. */
class Ledger implements ClaimSource {
  payers: Record<string, Payer> = { [CHANNEL]: { source: PEER, publicKey: KEY.publicKey } }
  known = true
  isFresh = true

  payerOf (channelId: string): Payer | undefined {
    return this.known ? this.payers[channelId] : undefined
  }

  findPayer (channelId: string): Promise<Payer | undefined> {
    return Promise.resolve(this.payers[channelId])
  }

  checkFresh (): void {
    if (!this.isFresh) throw new ChainError('no new ledger', false)
  }

  keyOf (): ReturnType<ChannelKeys['keyFor']> {
    return OUR_KEYS.keyFor(PEER, 9)
  }
}

describe('claims on the XRP Ledger', () => {
  let ledger: Ledger
  let codec: XrpClaims
  beforeEach(() => {
    ledger = new Ledger()
    codec = new XrpClaims(ledger, US, PEER)
  })

  const message = (more: object = {}): Record<string, unknown> => ({
    version: '1.0',
    blockchain: 'xrp',
    messageId: 'xrp-1',
    timestamp: '2026-01-02T03:04:05.678Z',
    senderId: 'bob',
    channelId: CHANNEL,
    amount: '500',
    signature: KEY.sign(CHANNEL, 500n),
    publicKey: KEY.publicKey,
    ...more
  })
  const parse = (more?: object): ReturnType<XrpClaims['parse']> => codec.parse(Buffer.from(JSON.stringify(message(more))))

  it('are read as other nodes send them', async () => {
    const claim = parse()
    expect(claim).to.include({ channelId: CHANNEL, total: 500n, nonce: 500n, signer: PEER })
    expect(await codec.verify(claim)).to.equal(true)
    const signature = KEY.sign(CHANNEL, 500n).toLowerCase()
    const small = parse({ channelId: CHANNEL.toLowerCase(), signature, publicKey: KEY.publicKey.toLowerCase() })
    expect([small.channelId, await codec.verify(small)]).to.deep.equal([CHANNEL, true])
  })

  it('are of the payer that the ledger names, also when that has to be asked first', async () => {
    ledger.known = false
    expect(await codec.verify(parse())).to.equal(true)
    ledger.payers = {}
    expect(await codec.verify(parse()), 'no such channel').to.equal(false)
  })

  it('count under the key of the ledger only', async () => {
    const other = THEIR_KEYS.keyFor(US, 5)
    const theirs = { publicKey: other.publicKey, signature: other.sign(CHANNEL, 500n) }
    expect(await codec.verify(parse(theirs)), 'their other key').to.equal(false)
    expect(await codec.verify(parse({ publicKey: other.publicKey })), 'good signature, other key named').to.equal(false)
    expect(await codec.verify({ ...parse(), total: 501n }), 'another amount').to.equal(false)
    expect(await codec.verify({ ...parse(), signer: US }), 'another signer').to.equal(false)
  })

  it('are not taken while a close may have been missed', async () => {
    ledger.isFresh = false
    expect(await codec.verify(parse()).catch((error: unknown) => error)).to.be.an.instanceOf(ChainError).with.property('isFinal', false)
  })

  it('are made in the same form', async () => {
    const channelId = channelIdOf(US, PEER, 9)
    ledger.payers[channelId] = { source: US, publicKey: OUR_KEYS.keyFor(PEER, 9).publicKey }
    const claim = await codec.make({ channelId, nonce: 3n, total: 77n, senderId: 'alice' })
    expect(claim).to.include({ channelId, nonce: 77n, total: 77n, signer: US })
    expect(codec.parse(Buffer.from(claim.text))).to.deep.equal(claim)
    expect(await codec.verify(claim)).to.equal(true)
    expect(JSON.parse(claim.text)).to.include({ version: '1.0', blockchain: 'xrp', amount: '77', senderId: 'alice' })
  })

  for (const [what, more] of [
    ['another version', { version: '2.0' }],
    ['no chain', { blockchain: undefined }],
    ['another chain', { blockchain: 'evm' }],
    ['an unknown chain', { blockchain: 'x' }],
    ['no id', { messageId: '' }],
    ['no time', { timestamp: 7 }],
    ['a time of another form', { timestamp: 'today' }],
    ['no sender', { senderId: '' }],
    ['no channel', { channelId: 7 }],
    ['an id with 0x', { channelId: `0x${CHANNEL}` }],
    ['a number as amount', { amount: 500 }],
    ['a negative amount', { amount: '-1' }],
    ['XRP in place of drops', { amount: '0.5' }],
    ['an amount above 64 bits', { amount: String(2n ** 64n) }],
    ['a short signature', { signature: 'AB' }],
    ['a key of the other kind', { publicKey: `02${'A'.repeat(64)}` }],
    ['a long field', { signature: 'A'.repeat(8000) }]
  ] as const) {
    it(`are refused with ${what}`, () => {
      expect(() => parse(more)).to.throw(ClaimError)
    })
  }
})
