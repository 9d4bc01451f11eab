/** Variables and the section of earlier versions set settlement on Aptos up, and say what to use instead. */
import { expect } from 'chai'
import kind from '../../../plugins/aptos/chain-kind.js'
import { keysOf } from '../../../plugins/aptos/keys.js'

const KEY = `0x${'7'.repeat(64)}`
const URL = 'https://api.testnet.aptoslabs.com/v1'
const SET = { APTOS_NODE_URL: URL, APTOS_MODULE_ADDRESS: '0x511ce', APTOS_PRIVATE_KEY: KEY }
const legacy = kind.legacy!

describe('settlement on Aptos in the words of earlier versions', () => {
  it('is an entry of chainProviders where the node, the module and the key are set', () => {
    const { values, sources, warnings, faults } = legacy.withVariables({}, { ...SET, APTOS_CLAIM_PRIVATE_KEY: KEY, APTOS_COIN_TYPE: '0x1::aptos_coin::AptosCoin' })
    expect(values.chainProviders).to.deep.equal([{ chainType: 'aptos', chainId: 'aptos:testnet', rpcUrl: URL, moduleAddress: '0x511ce', keyId: KEY }])
    expect([...sources.values()]).to.deep.equal(['APTOS_NODE_URL', 'APTOS_MODULE_ADDRESS', 'APTOS_PRIVATE_KEY'])
    expect(warnings[0]).to.contain('deprecated').and.contain('has to be the one of this version').and.not.contain(KEY)
    expect(warnings[1]).to.contain('APTOS_CLAIM_PRIVATE_KEY is ignored')
    expect(faults).to.deep.equal([])
  })

  it('is on mainnet in production, or where APTOS_NETWORK says', () => {
    const idOf = (given: object, env: object): unknown =>
      (legacy.withVariables({ ...given }, { ...SET, ...env }).values.chainProviders as Array<{ chainId: string }>)[0]?.chainId
    expect(idOf({ environment: 'production' }, {})).to.equal('aptos:mainnet')
    expect(idOf({}, { APTOS_NETWORK: '147' })).to.equal('aptos:147')
  })

  it('does not start where the variables say another account or coin than would be paid', () => {
    const faultsWith = (env: object): string[] => legacy.withVariables({}, { ...SET, ...env }).faults?.map(({ source }) => source) ?? []
    expect(faultsWith({ APTOS_ACCOUNT_ADDRESS: '0xa11ce' })).to.deep.equal(['APTOS_ACCOUNT_ADDRESS'])
    expect(faultsWith({ APTOS_ACCOUNT_ADDRESS: keysOf(KEY).key.address })).to.deep.equal([])
    expect(faultsWith({ APTOS_COIN_TYPE: '0x5::usd::USD' })).to.deep.equal(['APTOS_COIN_TYPE'])
  })

  it('stands beside other chains, and gives way to an entry of its own kind', () => {
    expect(legacy.withVariables({ chainProviders: [{ chainType: 'evm' }] }, SET).values.chainProviders).to.have.lengthOf(2)
    const own = { chainType: 'aptos', keyId: KEY, rpcUrl: 'https://other.example', moduleAddress: '0x511ce' }
    const { values, warnings } = legacy.withVariables({ chainProviders: [own] }, SET)
    expect(values.chainProviders).to.deep.equal([own])
    expect(warnings).to.deep.equal(['APTOS_NODE_URL: ignored, because the configuration has chainProviders. Say it there.'])
  })

  it('is off where it is turned off, and where half of it is missing', () => {
    for (const name of ['APTOS_ENABLED', 'APTOS_SETTLEMENT_ENABLED']) expect(legacy.withVariables({}, { ...SET, [name]: 'false' }).values).to.deep.equal({})
    expect(legacy.withVariables({}, { APTOS_PRIVATE_KEY: KEY }).values).to.deep.equal({})
    expect(legacy.unusedVariables({ APTOS_PRIVATE_KEY: KEY })[0]).to.contain('APTOS_NODE_URL, APTOS_MODULE_ADDRESS are not set').and.not.contain(KEY)
    expect(legacy.unusedVariables({})).to.deep.equal([])
    expect(legacy.unusedVariables({ APTOS_ENABLED: 'true' })[0]).to.contain('APTOS_ENABLED')
  })

  it('is read from blockchain.aptos', () => {
    const old = { enabled: true, rpcUrl: URL, network: 'testnet', privateKey: KEY, moduleAddress: '0x511ce' }
    expect(legacy.blockchain.aptos?.safeParse(old).success).to.equal(true)
    const [found] = legacy.entriesOf({ aptos: old })
    expect(found?.entry).to.deep.include({ chainType: 'aptos', chainId: 'aptos:testnet', rpcUrl: URL, keyId: KEY, moduleAddress: '0x511ce' })
    expect(legacy.entriesOf({ aptos: { enabled: true } })[0]?.advice).to.contain('has no rpcUrl, network, privateKey, moduleAddress')
    expect(legacy.entriesOf({ aptos: { enabled: false } })).to.deep.equal([])
    const filled = legacy.withVariables({ blockchain: { aptos: { enabled: true } } }, { ...SET, APTOS_NETWORK: 'testnet' }).values
    expect(filled.blockchain).to.deep.equal({ aptos: { enabled: true, network: 'testnet', rpcUrl: URL, moduleAddress: '0x511ce', privateKey: KEY } })
  })

  it('has no addresses of peers in variables', () => {
    expect(legacy.withPeerAddresses([{ id: 'peer1' }], {}).peers).to.deep.equal([{ id: 'peer1' }])
  })
})
