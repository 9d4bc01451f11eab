/** What names a key in a vault is judged before anything is reached, and never repeated: there may be a PIN in it. */
import { expect } from 'chai'
import { packetClaimsFault, vaultFaultIn, vaultKeyIn } from '../../../../plugins/lib/keys/key-id.js'

const GCP = 'projects/p/locations/l/keyRings/r/cryptoKeys/k'
const UUID = '1234abcd-12ab-34cd-56ef-1234567890ab'
const faultOf = (keyId: string): string | undefined => vaultFaultIn(keyId, ['secp256k1'], 'EVM')

describe('the name of a key in a vault', () => {
  it('is read in every form that the vaults have', () => {
    for (const good of [
      `aws-kms:${UUID}`, 'aws-kms:alias/node-evm', 'aws-kms://alias/node-evm', `aws-kms:arn:aws:kms:eu-west-1:111122223333:key/${UUID}`,
      'aws-kms:arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/x', `aws-kms:mrk-${'0'.repeat(32)}`,
      `gcp-kms:${GCP}/cryptoKeyVersions/1`, `gcp-kms://${GCP}/cryptoKeyVersions/12`,
      'azure-kv:https://x.vault.azure.net/keys/node', 'azure-kv://x.vault.azure.net/keys/node', `azure-kv:https://x.managedhsm.azure.net/keys/node/${'a'.repeat(32)}`,
      'pkcs11:evm', 'hsm:evm', 'pkcs11:token=t;object=evm?pin-value=1234'
    ]) expect(faultOf(good), good).to.equal(undefined)
    expect(vaultKeyIn('hsm:evm')).to.deep.equal({ kind: 'pkcs11', name: 'evm' })
    expect(vaultKeyIn('azure-kv://x.vault.azure.net/keys/node')).to.deep.equal({ kind: 'azure-kv', name: 'https://x.vault.azure.net/keys/node' })
    for (const other of [`0x${'1'.repeat(64)}`, 'wallet:0', 'AWS-KMS:x', '', 'key.json']) expect(vaultKeyIn(other), other).to.equal(undefined)
  })

  it('is refused with the form that is expected, and without what was found', () => {
    for (const [wrong, expected] of [
      ['aws-kms:hunter2', 'an ARN, alias/<name> or the id'], ['aws-kms:', 'an ARN'], ['aws-kms:arn:aws:s3:eu-west-1:111122223333:key/hunter2', 'an ARN'],
      [`gcp-kms:${GCP}`, 'cryptoKeyVersions/<version>'], ['azure-kv:http://hunter2/keys/x', 'azure-kv:https://'],
      ['azure-kv:https://hunter2.vault.azure.net/secrets/x', '/keys/<name>'], ['pkcs11:', 'the label of a key'], ['hsm: ', 'the label of a key']
    ] as const) expect(faultOf(wrong), wrong).to.contain(expected).and.not.contain('hunter2')
  })

  it('of a vault without the curve of the chain is refused, and the vaults that have it are named', () => {
    const keyId = 'azure-kv:https://x.vault.azure.net/keys/node'
    expect(vaultFaultIn(keyId, ['ed25519'], 'Solana')).to.equal(
      'Azure Key Vault has no keys of ed25519, which Solana needs. Use a key in one of these: aws-kms, gcp-kms, pkcs11')
    expect(vaultFaultIn(keyId, ['ed25519', 'secp256k1'], 'XRP')).to.equal(undefined)
  })

  it('does not go with a claim for every packet', () => {
    expect(packetClaimsFault('hsm:evm', 'packet')).to.contain('Set claims to settlement')
    expect([packetClaimsFault('hsm:evm', 'settlement'), packetClaimsFault('hsm:evm', undefined), packetClaimsFault('0x1', 'packet')])
      .to.deep.equal([undefined, undefined, undefined])
  })
})
