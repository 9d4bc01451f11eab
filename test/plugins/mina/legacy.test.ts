/** Variables of earlier versions set settlement on Mina up, and say what to use instead. */
import { expect } from 'chai'
import kind from '../../../plugins/mina/chain-kind.js'

const KEY = 'EKENJg7tp9W4aS27cft56DCTXjD7QF4aoRHiN9sFEE18wuCagW83'
const URL = 'https://mina.example/graphql'
const SET = { MINA_PRIVATE_KEY: KEY, MINA_GRAPHQL_URL: URL }
const legacy = kind.legacy!

describe('settlement on Mina in the words of earlier versions', () => {
  it('is an entry of chainProviders where both variables are set, on the network that MINA_NETWORK says', () => {
    const { values, sources, warnings } = legacy.withVariables({}, SET)
    expect(values.chainProviders).to.deep.equal([{ chainType: 'mina', chainId: 'mina:devnet', graphqlUrl: URL, keyId: KEY }])
    expect([...sources.values()]).to.have.members(['MINA_GRAPHQL_URL', 'MINA_PRIVATE_KEY'])
    expect(warnings[0]).to.contain('deprecated').and.not.contain(KEY)
    const other = legacy.withVariables({}, { ...SET, MINA_NETWORK: 'mainnet', MINA_ZKAPP_ADDRESS: 'B62' }).values.chainProviders as object[]
    expect(other[0]).to.deep.include({ chainId: 'mina:mainnet', zkAppAddress: 'B62' })
  })

  it('gives an entry the key that it has not', () => {
    const entry = { chainType: 'mina', chainId: 'mina:lightnet', graphqlUrl: URL }
    const { values, sources } = legacy.withVariables({ chainProviders: [{ chainType: 'evm' }, entry] }, SET)
    expect(values.chainProviders).to.deep.equal([{ chainType: 'evm' }, { ...entry, keyId: KEY }])
    expect([...sources]).to.deep.equal([['chainProviders.1.keyId', 'MINA_PRIVATE_KEY']])
    const own = { ...entry, keyId: 'wallet:0' }
    expect(legacy.withVariables({ chainProviders: [own] }, SET).values.chainProviders).to.deep.equal([own])
  })

  it('is not there where half of it is missing, which is said', () => {
    expect(legacy.withVariables({}, { MINA_PRIVATE_KEY: KEY }).values).to.deep.equal({})
    expect(legacy.unusedVariables({ MINA_PRIVATE_KEY: KEY })[0]).to.contain('MINA_GRAPHQL_URL is not set').and.not.contain(KEY)
    expect(legacy.unusedVariables({})).to.deep.equal([])
    expect(legacy.entriesOf({})).to.deep.equal([])
    expect(legacy.withPeerAddresses([{ id: 'peer' }], {}).peers).to.deep.equal([{ id: 'peer' }])
  })
})
