/** Variables and the section of earlier versions set settlement on the XRP Ledger up, and say what to use instead. */
import { expect } from 'chai'
import kind from '../../../plugins/xrp/chain-kind.js'

const SEED = 'sEdSJHdnVumf99WfaHTnU8DaQkx5Q4n'
const URL = 'wss://s.altnet.rippletest.net:51233'
const SET = { XRP_SECRET: SEED, XRP_RPC_URL: URL }
const legacy = kind.legacy!

describe('settlement on the XRP Ledger in the words of earlier versions', () => {
  it('is an entry of chainProviders where XRP_SECRET and XRP_RPC_URL are set', () => {
    const { values, sources, warnings } = legacy.withVariables({}, SET)
    expect(values.chainProviders).to.deep.equal([{ chainType: 'xrp', chainId: 'xrp:testnet', rpcUrl: URL, keyId: SEED }])
    expect([...sources]).to.deep.equal([['chainProviders.0.rpcUrl', 'XRP_RPC_URL'], ['chainProviders.0.keyId', 'XRP_SECRET']])
    expect(warnings[0]).to.contain('deprecated').and.not.contain(SEED)
  })

  it('is on the main network in production, or where XRPL_NETWORK says', () => {
    const idOf = (given: object, env: object): unknown =>
      (legacy.withVariables({ ...given }, { ...SET, ...env }).values.chainProviders as Array<{ chainId: string }>)[0]?.chainId
    expect(idOf({ environment: 'production' }, {})).to.equal('xrp:mainnet')
    expect(idOf({}, { XRPL_NETWORK: 'devnet' })).to.equal('xrp:devnet')
  })

  it('stands beside other chains, and gives way to an entry of its own kind', () => {
    const evm = { chainType: 'evm' }
    expect(legacy.withVariables({ chainProviders: [evm] }, SET).values.chainProviders).to.have.lengthOf(2)
    const own = { chainType: 'xrp', keyId: SEED, rpcUrl: 'wss://other.example' }
    const { values, warnings } = legacy.withVariables({ chainProviders: [own] }, SET)
    expect(values.chainProviders).to.deep.equal([own])
    expect(warnings).to.deep.equal(['XRP_RPC_URL: ignored, because the configuration has chainProviders. Say it there.'])
  })

  it('is off where XRPL_ENABLED says so, and where half of it is missing', () => {
    expect(legacy.withVariables({}, { ...SET, XRPL_ENABLED: 'false' }).values).to.deep.equal({})
    expect(legacy.withVariables({}, { XRP_SECRET: SEED }).values).to.deep.equal({})
    expect(legacy.unusedVariables({ XRP_SECRET: SEED })[0]).to.contain('XRP_RPC_URL or XRPL_WSS_URL or XRPL_RPC_URL is not set')
    expect(legacy.unusedVariables({})).to.deep.equal([])
  })

  it('is read from blockchain.xrpl', () => {
    const old = { enabled: true, rpcUrl: URL, network: 'testnet', privateKey: SEED }
    expect(legacy.blockchain.xrpl?.safeParse(old).success).to.equal(true)
    const [found] = legacy.entriesOf({ xrpl: old })
    expect(found?.entry).to.deep.equal({ chainType: 'xrp', chainId: 'xrp:testnet', rpcUrl: URL, keyId: SEED, settlementOptions: undefined })
    expect(legacy.entriesOf({ xrpl: { enabled: true } })[0]?.advice).to.contain('has no rpcUrl, network, privateKey')
    expect(legacy.entriesOf({ xrpl: { enabled: false } })).to.deep.equal([])
    const filled = legacy.withVariables({ blockchain: { xrpl: { enabled: true } } }, { ...SET, XRPL_NETWORK: 'testnet' }).values
    expect(filled.blockchain).to.deep.equal({ xrpl: { enabled: true, network: 'testnet', rpcUrl: URL, privateKey: SEED } })
  })

  it('has no addresses of peers in variables', () => {
    expect(legacy.withPeerAddresses([{ id: 'peer1' }], { PEER1_XRP_ADDRESS: 'r' }).peers).to.deep.equal([{ id: 'peer1' }])
  })
})
