/** A real module, SoftHSM, with keys that cannot be taken out of it. */
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { Curve, Signer } from '../../../../src/contracts/signer.js'
import { openVaultKey } from '../../../../plugins/lib/keys/open.js'
import { pkcs11NameIn } from '../../../../plugins/lib/keys/pkcs11-uri.js'
import type { VaultSettings } from '../../../../plugins/lib/keys/vault.js'
import { signerConformance } from '../../../conformance/signer.js'
import { memoryLog } from '../../../support/evm/life.js'
import { rejectionError } from '../../../support/failures.js'
import { generateKey, loseSessions, missingPart, softHsm, TOKEN_LABEL } from '../../../support/keys/softhsm.js'

const open = (name: string, settings: VaultSettings = softHsm(), curves: Curve[] = ['secp256k1', 'ed25519']): Promise<Signer> =>
  openVaultKey({ key: { kind: 'pkcs11', name }, settings, curves, log: memoryLog() })
const refusal = async (name: string, settings?: VaultSettings): Promise<string> => (await rejectionError(open(name, settings))).message

describe('a key in a hardware module', () => {
  const missing = missingPart()
  if (missing !== undefined) {
    it(`is not tried here: ${missing}`, () => { expect(missing).to.be.a('string') })
    return
  }

  signerConformance('PKCS #11', 'secp256k1', () => open('node-secp256k1'))
  signerConformance('PKCS #11', 'ed25519', () => open(`token=${TOKEN_LABEL};object=node-ed25519`))

  it('is found by label, by id and by a whole URI', async () => {
    const { modulePath = '', pin = '' } = softHsm()
    const byLabel = await open('node-secp256k1')
    for (const uri of ['id=%01', `token=${TOKEN_LABEL};object=node%2Dsecp256k1;type=private?module-path=${modulePath}&pin-value=${pin}`]) {
      expect((await open(uri, uri.includes('pin') ? {} : softHsm())).publicKey, uri).to.deep.equal(byLabel.publicKey)
    }
  })

  it('is not guessed: one that is not there, and two of one label, are named', async () => {
    expect(await refusal('nobody')).to.contain('no private key of this label')
    generateKey('twice', 'secp256k1', '11')
    generateKey('twice', 'secp256k1', '12')
    expect(await refusal('twice')).to.contain('name it by id')
    expect((await open('object=twice;id=%12')).publicKey).to.have.lengthOf(33)
    expect(await refusal('token=other;object=node-ed25519')).to.match(/no slot of the hardware module fits: set HSM_SLOT_ID to one of these: .*sluice/)
  })

  it('is named with what to set when library or PIN are missing, or wrong', async () => {
    const { modulePath, pin } = softHsm()
    expect(await refusal('node-secp256k1', { pin })).to.contain('HSM_PKCS11_LIBRARY_PATH required for hsm backend')
    expect(await refusal('node-secp256k1', { modulePath })).to.equal('HSM_PIN required for hsm backend')
    expect(await refusal('node-secp256k1', { modulePath: '/nowhere.so', pin })).to.contain('check HSM_PKCS11_LIBRARY_PATH')
    expect(await refusal('nobody;x=1')).to.contain('an attribute that is not known here').and.not.contain('nobody')
  })

  it('signs again after its session was lost', async () => {
    const signer = await open('node-secp256k1')
    loseSessions()
    expect(await signer.sign(randomBytes(32))).to.have.lengthOf(65)
  })
})

describe('a wrong PIN', () => {
  if (missingPart() !== undefined) return

  // It stays wrong for this token in this process, so this comes last.
  it('is shown to a token once, and not a second time: a few of them lock it', async () => {
    const wrong = { ...softHsm(), pin: 'hunter2' }
    loseSessions()
    expect(await refusal('node-secp256k1', wrong)).to.match(/check HSM_PIN/).and.not.contain('hunter2')
    expect(await refusal('node-secp256k1')).to.contain('not tried again before a restart')
  })
})

describe('the URI of a key', () => {
  it('is read as RFC 7512 says, and its faults never show it', () => {
    expect(pkcs11NameIn('my key')).to.deep.equal({ object: 'my key' })
    const { object, id, slotId, pin } = pkcs11NameIn('object=a%20b;id=%01%ff;slot-id=7?pin-value=12%3B34')
    expect([object, id?.toString('hex'), slotId, pin]).to.deep.equal(['a b', '01ff', 7, '12;34'])
    for (const wrong of ['object=hunter2%zz', 'token=hunter2', 'object=hunter2;slot-id=x', 'colour=hunter2']) {
      expect(() => pkcs11NameIn(wrong), wrong).to.throw('RFC 7512').which.satisfies(({ message }: Error) => !message.includes('hunter2'))
    }
  })
})
