/** Addresses and seeds are read as the library of the ledger reads them, and nothing else is taken for one. */
import { expect } from 'chai'
import fc from 'fast-check'
import { classicAddressToXAddress, encodeAccountID, isValidClassicAddress, isValidXAddress, Wallet } from 'xrpl'
import { accountOf, addressIn, canonicalAddress, seedIn } from '../../../plugins/xrp/base58.js'

const account = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(bytes => Buffer.from(bytes))

describe('base58 of the XRP Ledger', () => {
  it('reads every address that the library writes, with or without a tag', () => {
    fc.assert(fc.property(account, fc.option(fc.integer({ min: 0, max: 2 ** 32 - 1 })), fc.boolean(), (bytes, tag, isTest) => {
      const address = encodeAccountID(bytes)
      expect(accountOf(address).equals(bytes)).to.equal(true)
      expect(addressIn(address)).to.deep.equal({ address })
      const xAddress = classicAddressToXAddress(address, tag ?? false, isTest)
      expect(addressIn(xAddress)).to.deep.equal({ address, isTest, ...tag === null ? {} : { tag } })
      expect(canonicalAddress(xAddress)).to.equal(tag === null ? address : classicAddressToXAddress(address, tag, false))
    }), { numRuns: 200 })
  })

  it('takes nothing else for one', () => {
    const { address } = Wallet.generate()
    for (const text of ['', 'r', address.slice(1), `${address}r`, address.toLowerCase(), ` ${address}`, '0x12', 'X', 'r'.repeat(200)]) {
      expect(addressIn(text), text).to.equal(undefined)
    }
    fc.assert(fc.property(fc.nat(33), fc.constantFrom(...Array.from(address)), (at, other) => {
      const changed = address.slice(0, at) + other + address.slice(at + 1)
      expect(addressIn(changed) !== undefined, changed).to.equal(isValidClassicAddress(changed) || isValidXAddress(changed))
    }), { numRuns: 100 })
    expect(() => accountOf('rabbit')).to.throw('not an address')
  })

  it('reads seeds of both kinds of keys', () => {
    for (const [algorithm, seed] of [['ed25519', 'sEdSJHdnVumf99WfaHTnU8DaQkx5Q4n'], ['secp256k1', 'spvHRYpBKVWy8aYvjDrEJxG79mwN3']] as const) {
      expect(seedIn(seed)?.algorithm).to.equal(algorithm)
      expect(seedIn(seed)?.entropy).to.have.lengthOf(16)
    }
    for (const text of ['', 's', 'spvHRYpBKVWy8aYvjDrEJxG79mwN4', Wallet.generate().address]) expect(seedIn(text), text).to.equal(undefined)
  })
})
