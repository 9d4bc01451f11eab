/** The envelope of claims is read in one way for all chains, and whatever a peer sends is refused by name or taken, and nothing else. */
import { expect } from 'chai'
import fc from 'fast-check'
import { nonceIn, openClaim, sealClaim, textIn, wholeIn } from '../../../../plugins/lib/channels/claim-envelope.js'
import type { ClaimFields } from '../../../../plugins/lib/channels/claim-envelope.js'
import { ClaimError } from '../../../../plugins/lib/channels/types.js'

/** As the nodes of the seeds send them; of each chain, its own fields are left out but for one. */
const SENT: Record<string, ClaimFields> = {
  evm: { messageId: 'evm-11111111-1-1767323045678', channelId: `0x${'11'.repeat(32)}` },
  xrp: { messageId: 'xrp-187D65FE-1767323045678', channelId: '187D65FE5489F56FDBB8F95DE9F6196CCFCBEE7D6CDA9F5B0E2E56F79962902E' },
  solana: { messageId: 'solana-4Nd1mYwJ-1-1767323045678', channelAccount: '4Nd1mYwJvV4Xy4J9M2Xo5xq8fUQ5wzGJm8WkqK8bQxYd' },
  aptos: { messageId: 'aptos-1', channelOwner: '0x1' },
  mina: { messageId: 'mina-1', zkAppAddress: 'B62' }
}
const CHAINS = Object.keys(SENT)

function sentFor (blockchain: string, changed: ClaimFields = {}): ClaimFields {
  return { version: '1.0', blockchain, timestamp: '2026-01-02T03:04:05.678Z', senderId: 'connector-a', ...SENT[blockchain], ...changed }
}

function refusalOf (claim: unknown, read: (fields: ClaimFields) => unknown = () => undefined, blockchain = 'evm'): string {
  try {
    read(openClaim(Buffer.from(typeof claim === 'string' ? claim : JSON.stringify(claim)), blockchain).claim)
    return 'taken'
  } catch (error) {
    if (error instanceof ClaimError) return `${error.ilpErrorCode} ${error.message}`
    throw error
  }
}

describe('the envelope of claims', () => {
  it('is read for its own chain, and refused by name for every other', () => {
    for (const own of CHAINS) {
      for (const other of CHAINS) {
        const refusal = `F06 Unknown channel: claim is for another chain. blockchain=${other} expected=${own}`
        expect(refusalOf(sentFor(other), undefined, own)).to.equal(own === other ? 'taken' : refusal)
      }
      expect(refusalOf(sentFor('doge'), undefined, own)).to.equal('F06 Invalid claim structure: Unsupported blockchain type: doge')
    }
  })

  it('is what it seals, with the fields of the chain', () => {
    const text = sealClaim({ blockchain: 'solana', channel: '4Nd1mYwJvV4X', nonce: 2n ** 60n, senderId: 'g.alice' }, { amount: '5' })
    const { claim, text: read } = openClaim(Buffer.from(text), 'solana')
    expect(read).to.equal(text)
    expect(claim).to.include({ version: '1.0', blockchain: 'solana', senderId: 'g.alice', amount: '5' })
    expect(claim.messageId).to.match(/^solana-4Nd1mYwJ-1152921504606846976-\d+$/)
    expect(Object.keys(claim).slice(0, 5)).to.deep.equal(['version', 'blockchain', 'messageId', 'timestamp', 'senderId'])
  })

  it('is refused for what is wrong with it', () => {
    for (const [fault, why] of [
      [{ version: '2.0' }, `Invalid version (expected '1.0', got '2.0')`],
      [{ version: 1 }, `Invalid version (expected '1.0', got '1')`],
      [{ version: ['1.0'] }, `Invalid version (expected '1.0', got 'object')`],
      [{ blockchain: undefined }, 'Missing blockchain field'],
      [{ blockchain: null }, 'Unsupported blockchain type: object'],
      [{ blockchain: ['evm'] }, 'Unsupported blockchain type: object'],
      [{ blockchain: 'EVM' }, 'Unsupported blockchain type: EVM'],
      [{ blockchain: 'constructor' }, 'Unsupported blockchain type: constructor'],
      [{ blockchain: 'x'.repeat(1000) }, `Unsupported blockchain type: ${'x'.repeat(32)}`],
      [{ messageId: '' }, 'Missing or invalid messageId (expected non-empty string)'],
      [{ timestamp: 5 }, 'Missing or invalid timestamp (expected ISO 8601)'],
      [{ timestamp: '2026-01-02' }, 'Invalid timestamp format (expected ISO 8601)'],
      [{ senderId: {} }, 'Missing or invalid senderId (expected non-empty string)']
    ] as const) expect(refusalOf(sentFor('evm', fault)), JSON.stringify(fault)).to.equal(`F06 Invalid claim structure: ${why}`)
  })

  it('takes no more than 8 KiB, and nothing that is not an object', () => {
    const room = 8192 - JSON.stringify(sentFor('evm', { more: '' })).length
    expect(refusalOf(sentFor('evm', { more: 'x'.repeat(room) }))).to.equal('taken')
    for (const text of [
      JSON.stringify(sentFor('evm', { more: 'x'.repeat(room + 1) })), '[]', 'null', '"x"', '', '{', '['.repeat(8000), '{"a":'.repeat(1000)
    ]) expect(refusalOf(text), text.slice(0, 10)).to.equal('F06 Invalid claim structure: Claim message must be an object')
  })

  it('has no fields but its own, whatever they are called', () => {
    const text = JSON.stringify(sentFor('evm')).replace('"version":"1.0"', '"__proto__":{"version":"1.0","nonce":7}')
    expect(refusalOf(text)).to.match(/Invalid version/)
    const shadowed = JSON.stringify(sentFor('evm')).replace('{', '{"__proto__":{"nonce":7},"constructor":1,"toString":2,')
    expect(refusalOf(shadowed, nonceIn)).to.match(/Missing or invalid nonce/)
    expect(Object.hasOwn({}, 'nonce')).to.equal(false)
  })

  it('is refused or taken, never anything else, whatever stands in it', () => {
    fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), text => { expect(refusalOf(text)).to.match(/^F06 Invalid claim structure/) }))
    fc.assert(fc.property(fc.constantFrom(...CHAINS), fc.constantFrom('version', 'blockchain', 'messageId', 'timestamp', 'senderId'), fc.jsonValue(),
      (chain, name, value) => { expect(refusalOf(sentFor(chain, { [name]: value }), undefined, chain)).to.match(/^taken$|^F06 /) }))
  })
})

describe('the fields of a claim', () => {
  it('are texts of their form', () => {
    const read = (claim: ClaimFields): unknown => textIn(claim, 'key', text => text === 'good', 'a good one')
    expect(refusalOf(sentFor('evm', { key: 'good' }), read)).to.equal('taken')
    expect(refusalOf(sentFor('evm', { key: 'bad' }), read)).to.equal('F06 Invalid claim structure: Invalid key format (expected a good one)')
    for (const key of [undefined, 5, ['good'], { toString: 'good' }]) {
      expect(refusalOf(sentFor('evm', { key }), read)).to.equal('F06 Invalid claim structure: Missing or invalid key (expected a good one)')
    }
  })

  it('are whole numbers that fit, as texts', () => {
    const read = (claim: ClaimFields): unknown => wholeIn(claim, 'amount', 64)
    expect(wholeIn({ amount: String(2n ** 64n - 1n) }, 'amount', 64)).to.equal(2n ** 64n - 1n)
    expect(refusalOf(sentFor('evm', { amount: String(2n ** 64n) }), read)).to.equal('F06 Invalid claim structure: Invalid amount format (expected at most 64 bits)')
    for (const amount of ['', '-1', '1.0', '1e3', '0x10', ' 1', '1\n', '9'.repeat(79), '١']) {
      expect(refusalOf(sentFor('evm', { amount }), read), amount).to.match(/Invalid amount format \(expected non-negative integer string\)/)
    }
    expect(refusalOf(sentFor('evm', { amount: 5 }), read)).to.match(/Missing or invalid amount/)
  })

  it('are nonces that JSON says exactly', () => {
    expect(nonceIn({ nonce: Number.MAX_SAFE_INTEGER })).to.equal(2n ** 53n - 1n)
    for (const nonce of [undefined, -1, 1.5, 2 ** 53, '1', null, [1]]) {
      expect(refusalOf(sentFor('evm', { nonce }), nonceIn), String(nonce)).to.match(/Missing or invalid nonce \(expected non-negative integer\)/)
    }
  })
})
