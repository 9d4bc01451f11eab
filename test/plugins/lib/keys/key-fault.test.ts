/** A `keyId` of any form, and what is said of one that names no key. */
import { expect } from 'chai'
import { keyFault } from '../../../../plugins/lib/keys/key-fault.js'

const KEYS = { curves: ['ed25519'], label: 'the chain', isOwnForm: (keyId: string) => keyId === 'own' } as const

describe('a keyId', () => {
  it('names a key of the chain, of the wallet, or of a vault', () => {
    for (const keyId of ['own', 'wallet:0', 'aws-kms:alias/node', 'pkcs11:node']) expect(keyFault(keyId, KEYS), keyId).to.equal(undefined)
  })

  it('is refused in words where a vault cannot be used, and without where it has no form of a key', () => {
    expect(keyFault('azure-kv:https://x.vault.azure.net/keys/node', KEYS)?.words).to.contain('which the chain needs')
    expect(keyFault('aws-kms:', KEYS)?.words).to.contain('does not name a key')
    for (const none of ['', 'other', 'wallet:-1']) expect(keyFault(none, KEYS), none).to.deep.equal({})
  })
})
