/** What Aptos tells a node keeps what every kind of chain promises, and its own rules for real money. */
import { expect } from 'chai'
import kind from '../../../plugins/aptos/chain-kind.js'
import { chainKindConformance } from '../../conformance/chain-kind.js'

const LONG = `0x${'0'.repeat(58)}0A11ce`
const KEY = `0x${'7'.repeat(64)}`
const entry = { chainType: 'aptos', chainId: 'aptos:testnet', rpcUrl: 'https://api.testnet.aptoslabs.com/v1', moduleAddress: '0x511ce', keyId: KEY }

chainKindConformance('Aptos', kind, {
  entry,
  secrets: ['rpcUrl', 'keyId'],
  addresses: [['0xa11ce', LONG, '0xA11CE', '0x0a11ce'], ['0x1'], [`0x${'f'.repeat(64)}`]],
  channelId: `0x${'c'.repeat(64)}`,
  chainIds: [['aptos:mainnet', 'aptos:1'], ['aptos:testnet', 'aptos:2'], ['aptos:147']]
})

describe('Aptos in a configuration', () => {
  const read = (more: object): Parameters<typeof kind.decide>[0] => kind.schema.parse({ ...entry, ...more })
  const faults = (more: object, environment: Parameters<NonNullable<typeof kind.check>>[1]): string[] =>
    kind.check?.(read(more), environment).problems.map(({ field, message }) => `${field}: ${message}`) ?? []
  const main = { chainId: 'aptos:mainnet', allowMainnet: true }

  it('has one name for each network, and numbers for those without one', () => {
    for (const [id, canonical] of [['aptos:1', 'aptos:mainnet'], ['aptos:2', 'aptos:testnet'], ['aptos:147', 'aptos:147']] as const) {
      expect(kind.decide(read({ chainId: id })).id).to.equal(canonical)
    }
    for (const id of ['aptos:', 'aptos:main', 'aptos:01', 'aptos:0', 'aptos:256', 'aptos:-1', 'apt:1']) expect(kind.chainId.matches(id), id).to.equal(false)
  })

  it('takes several nodes, and judges each of them', () => {
    const rpcUrl = ['https://one.example/v1', 'https://two.example/v1']
    expect(kind.decide(read({ rpcUrl })).options.chain).to.deep.include({ rpcUrl })
    expect(faults({ ...main, rpcUrl }, 'production')).to.deep.equal([])
    for (const url of ['http://three.example/v1', 'https://localhost/v1']) expect(faults({ ...main, rpcUrl: [...rpcUrl, url] }, 'production')).to.have.lengthOf(1)
    for (const urls of [[], ['ftp://one.example'], Array.from({ length: 6 }, () => rpcUrl[0])]) {
      expect(kind.schema.safeParse({ ...entry, rpcUrl: urls }).success, JSON.stringify(urls)).to.equal(false)
    }
  })

  it('writes addresses in one form, and pays in APT unless it is told another asset', () => {
    const { tokenAddress, options } = kind.decide(read({}))
    expect(tokenAddress).to.equal(`0x${'0'.repeat(63)}a`)
    expect(options.chain).to.deep.include({ moduleAddress: `0x${'0'.repeat(59)}511ce`, tokenAddress })
    expect(kind.decide(read({ tokenAddress: '0xB' })).tokenAddress).to.equal(`0x${'0'.repeat(63)}b`)
  })

  it('takes keys as tools of Aptos write them, the wallet and keys in vaults of the curve, and no others', () => {
    for (const keyId of [KEY, KEY.slice(2), `ed25519-priv-${KEY}`, 'wallet:0', 'hsm:aptos', 'aws-kms:alias/aptos', 'gcp-kms:projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1']) {
      expect(kind.schema.safeParse({ ...entry, keyId }).success, keyId).to.equal(true)
    }
    for (const keyId of [KEY.slice(0, -1), 'x', `secp256k1-priv-${KEY}`, 'azure-kv:https://v.vault.azure.net/keys/k']) {
      expect(kind.schema.safeParse({ ...entry, keyId }).success, keyId).to.equal(false)
    }
  })

  it('refuses mainnet until somebody accepts that no Aptos node has run the module', () => {
    for (const chainId of ['aptos:mainnet', 'aptos:1']) {
      expect(faults({ chainId }, 'production')).to.have.lengthOf(1)
      expect(faults({ chainId }, 'production')[0]).to.match(/^chainId: No Aptos node has run .* set allowMainnet: true/)
    }
    expect(faults(main, 'production')).to.deep.equal([])
  })

  it('has real money in production, and there only', () => {
    expect(faults({}, 'production')[0]).to.equal('chainId: Production must use Aptos mainnet (chainId aptos:mainnet), got chainId aptos:testnet')
    expect(faults(main, 'staging')).to.deep.equal(['chainId: Staging must use a test network (chainId aptos:testnet), got chainId aptos:mainnet'])
    expect(kind.check?.(read(main), 'development').warnings).to.have.lengthOf(1)
  })

  it('reaches public nodes over TLS in production, and there only with the module of this package', () => {
    expect(faults({ ...main, rpcUrl: 'http://node.example/v1' }, 'production')).to.deep.equal(['rpcUrl: Production must use an https:// RPC URL.'])
    expect(faults({ ...main, rpcUrl: 'http://localhost:8080/v1' }, 'production')[0]).to.contain('localhost')
    expect(faults({ ...main, allowUnverifiedModule: true }, 'production')[0]).to.contain('allowUnverifiedModule')
    expect(faults({ verifyRpcUrl: 'https://other.example/v1' }, 'development')[0]).to.contain('belong together')
    expect(kind.check?.(read({ rpcUrl: 'http://127.0.0.1:8080/v1' }), 'staging').warnings).to.have.lengthOf(1)
  })

  it('takes no challenge that the module does not take', () => {
    for (const [secs, isGood] of [[3599, false], [3600, true], [2_592_000, true], [2_592_001, false]] as const) {
      expect(kind.schema.safeParse({ ...entry, settlementOptions: { settlementTimeoutSecs: secs } }).success, String(secs)).to.equal(isGood)
    }
  })
})
