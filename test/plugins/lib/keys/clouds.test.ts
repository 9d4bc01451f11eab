/** The real clients of AWS, Google and Azure against stand-ins of their wire protocols: each is a holder of a key, and fails in order. */
import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import type { Curve, Signer } from '../../../../src/contracts/signer.js'
import { vaultKeyIn, type VaultKey } from '../../../../plugins/lib/keys/key-id.js'
import { openVaultKey } from '../../../../plugins/lib/keys/open.js'
import type { VaultSettings } from '../../../../plugins/lib/keys/vault.js'
import { signerConformance } from '../../../conformance/signer.js'
import { memoryLog } from '../../../support/evm/life.js'
import { rejectionError } from '../../../support/failures.js'
import { AwsStandIn } from '../../../support/keys/aws.js'
import { AzureStandIn } from '../../../support/keys/azure.js'
import { GcpStandIn } from '../../../support/keys/gcp.js'
import type { StandInKey, StandInServer } from '../../../support/keys/stand-in.js'

interface StandIn {
  server: StandInServer
  key: StandInKey
  keyId: string
  settings: VaultSettings
  start (): Promise<unknown>
  stop? (): Promise<void> | void
}

const KINDS: ReadonlyArray<[name: string, curve: Curve, make: () => StandIn]> = [
  ['AWS KMS', 'secp256k1', () => new AwsStandIn('secp256k1')],
  ['AWS KMS', 'ed25519', () => new AwsStandIn('ed25519')],
  ['Google Cloud KMS', 'secp256k1', () => new GcpStandIn('secp256k1')],
  ['Google Cloud KMS', 'ed25519', () => new GcpStandIn('ed25519')],
  ['Azure Key Vault', 'secp256k1', () => new AzureStandIn()]
]

for (const [name, curve, make] of KINDS) {
  describe(`${name}, ${curve}`, () => {
    let vault: StandIn
    let lines: string[]

    before(async () => {
      vault = make()
      await vault.start()
    })

    after(async () => {
      await vault.stop?.()
      vault.server.stop()
    })

    beforeEach(() => { lines = [] })

    const open = (curves: Curve[] = [curve], settings: VaultSettings = vault.settings): Promise<Signer> =>
      openVaultKey({ key: vaultKeyIn(vault.keyId) as VaultKey, settings, curves, log: memoryLog(lines) })

    signerConformance(name, curve, () => open())

    it('is asked again when it is busy, away, or has a fault of its own, and signs once', async () => {
      const signer = await open()
      vault.server.signatures = 0
      vault.server.faults.push('busy', 'away', 'fault')
      expect(await signer.sign(randomBytes(32))).to.have.lengthOf(curve === 'ed25519' ? 64 : 65)
      expect([vault.server.signatures, signer.trouble]).to.deep.equal([1, undefined])
    })

    if (name === 'AWS KMS' && curve === 'secp256k1') { // the waits are the same for all
      it('is given up after some tries, and named without what it says itself', async () => {
        const signer = await open()
        vault.server.isLasting = true
        vault.server.faults.push('busy')
        const { message } = await rejectionError(signer.sign(randomBytes(32)))
        expect(message).to.match(new RegExp(`^${name} has too many requests now`))
        expect(signer.trouble).to.equal(message)
        Object.assign(vault.server, { isLasting: false }).faults.length = 0
        await signer.sign(randomBytes(32))
        expect(signer.trouble).to.equal(undefined)
        expect(lines.join('\n')).to.match(/the key cannot sign.*\n.*the key can sign again/)
      })
    }

    for (const [fault, expected] of [['denied', /does not let us use the key/], ['gone', /the key in .* (cannot be used|does not exist)/]] as const) {
      it(`is not asked again when it says no: ${fault}`, async () => {
        const signer = await open()
        await signer.sign(randomBytes(32)) // some clients look at the key before the first
        vault.server.faults.push(fault)
        const { message } = await rejectionError(signer.sign(randomBytes(32)))
        expect(message).to.match(expected).and.not.contain('hunter2')
        expect([lines.join().includes('hunter2'), vault.server.faults.length]).to.deep.equal([false, 0])
        await signer.sign(randomBytes(32)) // the permission is back
      })
    }

    it('is not believed when its signature is of another key, or none', async () => {
      const signer = await open()
      await signer.sign(randomBytes(32))
      for (const fault of ['otherKey', 'spoilt'] as const) {
        vault.server.faults.push(fault)
        expect((await rejectionError(signer.sign(randomBytes(32)))).message).to.contain('not one of its key')
      }
    })

    it('signs nothing more once its key is another one, says so, and is itself again when the former is back', async () => {
      const signer = await open()
      const back = vault.key.rotate()
      expect((await rejectionError(signer.sign(randomBytes(32)))).message).to.contain('another one than at the start')
      expect(signer.trouble).to.contain('settle the channels of the former')
      expect((await open()).publicKey, 'a new start has the new one').not.to.deep.equal(signer.publicKey)
      back()
      expect(await signer.sign(randomBytes(32))).not.to.have.lengthOf(0)
      expect(signer.trouble).to.equal(undefined)
    })

    it('is refused where the chain takes another curve', async () => {
      const other = curve === 'ed25519' ? 'secp256k1' : 'ed25519'
      expect((await rejectionError(open([other]))).message).to.match(new RegExp(`is of ${curve}, and the chain takes ${other}`))
    })
  })
}

describe('the credentials of a cloud', () => {
  it('that are wrong are not shown, and what to set is', async () => {
    const aws = await new AwsStandIn('secp256k1').start()
    const azure = await new AzureStandIn().start()
    try {
      for (const [vault, wrong, expected] of [
        [aws, { secretAccessKey: 'hunter2' }, /kms:GetPublicKey and kms:Sign/], [azure, { clientSecret: 'hunter2' }, /AZURE_CLIENT_SECRET must be valid/]
      ] as const) {
        const opening = openVaultKey({
          key: vaultKeyIn(vault.keyId) as VaultKey, settings: { ...vault.settings, ...wrong }, curves: ['secp256k1'], log: memoryLog()
        })
        expect((await rejectionError(opening)).message).to.match(expected).and.not.contain('hunter2')
      }
    } finally {
      aws.server.stop()
      azure.stop()
    }
  })
})
