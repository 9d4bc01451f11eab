/** KEY_BACKEND and security.keyManagement become the key of EVM chains, or stop the start in the words that others know. */
import { expect } from 'chai'
import { ConfigLoader } from '../../../src/index.js'

const ADDRESS = `0x${'Ab'.repeat(20)}`
const BASE = { nodeId: 'agent', btpServerPort: 3000, peers: [], routes: [] }
const CHAIN = { chainType: 'evm', chainId: 'evm:84532', rpcUrl: 'https://sepolia.base.org', registryAddress: ADDRESS, tokenAddress: ADDRESS }
const UUID = '1234abcd-12ab-34cd-56ef-1234567890ab'

const AWS = { KEY_BACKEND: 'aws-kms', AWS_REGION: 'eu-west-1', AWS_KMS_EVM_KEY_ID: UUID }
const GCP = { KEY_BACKEND: 'gcp-kms', GCP_PROJECT_ID: 'p', GCP_LOCATION_ID: 'l', GCP_KEY_RING_ID: 'r', GCP_KMS_EVM_KEY_ID: 'k' }
const AZURE = { KEY_BACKEND: 'azure-kv', AZURE_VAULT_URL: 'https://x.vault.azure.net', AZURE_EVM_KEY_NAME: 'node' }
const HSM = { KEY_BACKEND: 'hsm', HSM_PKCS11_LIBRARY_PATH: '/lib/p11.so', HSM_SLOT_ID: '0', HSM_PIN: 'hunter2', HSM_EVM_KEY_LABEL: 'evm key' }
const GCP_KEY = 'gcp-kms:projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions'

const chainOf = (more: object, env: NodeJS.ProcessEnv = {}): Record<string, unknown> =>
  ConfigLoader.read({ ...BASE, ...more }, env).config.chains[0]?.options.chain as Record<string, unknown>

function refusal (more: object, env: NodeJS.ProcessEnv = {}): string {
  try {
    chainOf(more, env)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('nothing was refused')
}

describe('the backend of keys', () => {
  it('gives the key to EVM chains that name none', () => {
    for (const [env, keyId, vault] of [
      [AWS, `aws-kms:${UUID}`, { region: 'eu-west-1' }],
      [GCP, `${GCP_KEY}/1`, {}],
      [{ ...GCP, GCP_KMS_EVM_KEY_ID: 'k/cryptoKeyVersions/7' }, `${GCP_KEY}/7`, {}],
      [AZURE, 'azure-kv:https://x.vault.azure.net/keys/node', {}],
      [HSM, 'pkcs11:object=evm%20key', { modulePath: '/lib/p11.so', slotId: 0, pin: 'hunter2' }]
    ] as const) {
      expect(chainOf({ chainProviders: [CHAIN] }, env)).to.deep.include({ keyId, vault })
      expect(ConfigLoader.read({ ...BASE, chainProviders: [CHAIN] }, env).warnings, keyId).to.deep.equal([])
    }
  })

  it('gives it to the chain that variables alone describe', () => {
    const legacy = { BASE_L2_RPC_URL: 'https://sepolia.base.org', TOKEN_NETWORK_REGISTRY: ADDRESS, M2M_TOKEN_ADDRESS: ADDRESS }
    expect(chainOf({}, { ...legacy, ...HSM })).to.deep.include({ keyId: 'pkcs11:object=evm%20key' })
  })

  it('is said in the configuration, and overridden by variables', () => {
    const security = { keyManagement: { backend: 'aws-kms', nodeId: 'agent', aws: { region: 'eu-west-1', evmKeyId: UUID, credentials: { accessKeyId: 'a', secretAccessKey: 'hunter2' } } } }
    const vault = { region: 'eu-west-1', accessKeyId: 'a', secretAccessKey: 'hunter2' }
    expect(chainOf({ chainProviders: [CHAIN], security })).to.deep.include({ keyId: `aws-kms:${UUID}`, vault })
    expect(chainOf({ chainProviders: [CHAIN], security }, { AWS_REGION: 'eu-west-2' })).to.deep.include({ vault: { ...vault, region: 'eu-west-2' } })
    expect(chainOf({ chainProviders: [CHAIN], security }, GCP)).to.deep.include({ keyId: `${GCP_KEY}/1` })
  })

  it('gives key and credentials to chains of the section blockchain, too, and the credentials to one that names a key in the same vault', () => {
    const { rpcUrl, registryAddress, tokenAddress } = CHAIN
    const base = { enabled: true, chainId: 84532, rpcUrl, registryAddress, tokenAddress }
    const credentials = { accessKeyId: 'a', secretAccessKey: 'hunter2' }
    const security = { keyManagement: { backend: 'aws-kms', aws: { region: 'eu-west-1', evmKeyId: UUID, credentials } } }
    const vault = { region: 'eu-west-1', ...credentials }
    expect(chainOf({ blockchain: { base }, security })).to.deep.include({ keyId: `aws-kms:${UUID}`, vault })
    expect(chainOf({ blockchain: { base: { ...base, privateKey: 'aws-kms:alias/base' } }, security })).to.deep.include({ keyId: 'aws-kms:alias/base', vault })
    const privateKey = `0x${'5e'.repeat(32)}`
    expect(chainOf({ blockchain: { base: { ...base, privateKey } }, security })).to.include({ keyId: privateKey }).and.not.to.have.property('vault')
  })

  it('gives its credentials to every chain whose key is in the same vault, and its key to none that has one', () => {
    const xrp = { chainType: 'xrp', chainId: 'xrp:testnet', rpcUrl: 'wss://s.altnet.rippletest.net:51233', keyId: 'aws-kms:alias/xrp' }
    expect(chainOf({ chainProviders: [xrp] }, AWS)).to.deep.include({ keyId: 'aws-kms:alias/xrp', vault: { region: 'eu-west-1' } })
    expect(chainOf({ chainProviders: [{ ...CHAIN, keyId: `0x${'5e'.repeat(32)}` }] }, AWS)).to.include({ keyId: `0x${'5e'.repeat(32)}` }).and.not.to.have.property('vault')
  })

  for (const [what, env, expected] of [
    ['is unknown', { KEY_BACKEND: 'vault' }, 'Invalid KEY_BACKEND: vault. Must be one of: env, aws-kms, gcp-kms, azure-kv, hsm'],
    ['lacks a region', { ...AWS, AWS_REGION: '' }, 'AWS_REGION required for aws-kms backend'],
    ['has a wrong key of AWS', { ...AWS, AWS_KMS_EVM_KEY_ID: 'hunter2' }, 'Invalid AWS_KMS_EVM_KEY_ID format: expected an ARN'],
    ['lacks a ring', { ...GCP, GCP_KEY_RING_ID: undefined }, 'GCP_KEY_RING_ID required for gcp-kms backend'],
    ['has a wrong vault', { ...AZURE, AZURE_VAULT_URL: 'http://hunter2' }, 'Invalid AZURE_VAULT_URL format: expected https://'],
    ['lacks a PIN', { ...HSM, HSM_PIN: undefined }, 'HSM_PIN required for hsm backend'],
    ['has a wrong slot', { ...HSM, HSM_SLOT_ID: '-1' }, 'Invalid HSM_SLOT_ID format: expected a whole number, at least 0']
  ] as const) {
    it(`that ${what} stops the start`, () => {
      expect(refusal({ chainProviders: [CHAIN] }, env)).to.contain(expected).and.not.contain('hunter2')
    })
  }

  it('has fields that are known, and says which was meant', () => {
    const security = { keyManagement: { backend: 'hsm', hsm: { pinn: 'hunter2' } } }
    expect(refusal({ chainProviders: [CHAIN], security })).to.contain('security.keyManagement.hsm.pinn: no such field (did you mean hsm.pin?)').and.not.contain('hunter2')
  })

  it('does not stop a node that has no use for its key', () => {
    expect(ConfigLoader.read({ ...BASE }, { KEY_BACKEND: 'aws-kms' }).config.chains).to.deep.equal([])
  })

  it('of an ARN needs no region', () => {
    const arn = `arn:aws:kms:eu-west-1:111122223333:key/${UUID}`
    expect(chainOf({ chainProviders: [CHAIN] }, { KEY_BACKEND: 'aws-kms', AWS_KMS_EVM_KEY_ID: arn })).to.deep.include({ keyId: `aws-kms:${arn}` })
  })
})
