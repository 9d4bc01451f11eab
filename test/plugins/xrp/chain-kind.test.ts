/** What the XRP Ledger tells a node keeps what every kind of chain promises, and its own rules for real money. */
import { expect } from 'chai'
import kind from '../../../plugins/xrp/chain-kind.js'
import { settlementFault } from '../../../src/config/node/settlement-chains.js'
import { chainKindConformance } from '../../conformance/chain-kind.js'

const ADDRESS = 'rGMTQpyhaDwWTqmw4dcYHj5NPJhtWNhtRW'
const OTHER = 'rDwsjm4ecjNxtYmeaiCMriQ85w1XUocea3'
const SEED = 'sEdSJHdnVumf99WfaHTnU8DaQkx5Q4n'
/** Of `OTHER`, as xrpl.js writes it for main and for test networks: without a tag, and with the tag 12. */
const X_FORMS = ['XV9wEG7X91u3Z5EnTfuj6MsfqvjewvbezKNdrNVUYQfDLXN', 'TVhgC4dWrqTwrNrg5veWbLopK4GSgWEgAVUnJu5j9pgJWsQ'] as const
const TAGGED = ['XV9wEG7X91u3Z5EnTfuj6Msfqvjewvg5K41YCxieD6q6JYw', 'TVhgC4dWrqTwrNrg5veWbLopK4GSgWLkGYFzyeawFMDzMcb'] as const

const entry = { chainType: 'xrp', chainId: 'xrp:testnet', rpcUrl: 'wss://s.altnet.rippletest.net:51233', keyId: SEED }

chainKindConformance('XRP Ledger', kind, {
  entry,
  secrets: ['rpcUrl', 'keyId'],
  addresses: [[ADDRESS], [OTHER, ...X_FORMS], TAGGED],
  channelId: '187D65FE5489F56FDBB8F95DE9F6196CCFCBEE7D6CDA9F5B0E2E56F79962902E'
})

describe('the XRP Ledger in a configuration', () => {
  const read = (more: object): Parameters<typeof kind.decide>[0] => kind.schema.parse({ ...entry, ...more })
  const faults = (more: object, environment: Parameters<NonNullable<typeof kind.check>>[1]): string[] =>
    kind.check?.(read(more), environment).problems.map(({ field, message }) => `${field}: ${message}`) ?? []

  it('has one name for each network', () => {
    for (const [id, canonical] of [['xrp:0', 'xrp:mainnet'], ['xrp:1', 'xrp:testnet'], ['xrp:devnet', 'xrp:devnet'], ['xrp:31338', 'xrp:31338']] as const) {
      expect(kind.decide(read({ chainId: id })).id).to.equal(canonical)
    }
    for (const id of ['xrp:', 'xrp:main', 'xrp:01', 'xrp:4294967296', 'xrpl:1', 'xrp:-1']) expect(kind.chainId.matches(id), id).to.equal(false)
  })

  it('settles with no peer at an address of another network, whatever the chain is called', () => {
    const faultOf = (chainId: string, xrpAddress: string, chain?: string): string | undefined => settlementFault(
      { id: 'bob', xrpAddress, chain }, { chains: [{ ...kind.decide(read({ chainId })), kind, plugin: 'xrp' }], chainKinds: [kind] })
    const [forMain, forTests] = TAGGED
    for (const chain of [undefined, 'xrp:0']) {
      expect(faultOf('xrp:mainnet', forTests, chain)).to.equal(`Peer bob has the xrpAddress ${forTests}, which is for test networks and not for ` +
        `xrp:mainnet. Ask for an X-address, or write ${OTHER} if it needs no tag.`)
    }
    expect(faultOf('xrp:1', forMain)).to.match(/is for the main network and not for xrp:testnet\. Ask for a T-address/)
    const fine = [['xrp:0', forMain], ['xrp:testnet', forTests], ['xrp:31338', forTests], ['xrp:mainnet', OTHER], ['xrp:devnet', OTHER]] as const
    for (const [chainId, address] of fine) expect(faultOf(chainId, address)).to.equal(undefined)
  })

  it('takes claims for every packet also under a key in a vault, as the claims have keys of their own', () => {
    expect(faults({ keyId: 'hsm:xrp', settlementOptions: { claims: 'packet' } }, 'staging')).to.deep.equal([])
  })

  it('takes seeds of both kinds, keys in vaults, and no other keys', () => {
    for (const keyId of [SEED, 'spvHRYpBKVWy8aYvjDrEJxG79mwN3', 'hsm:xrp', 'aws-kms:alias/xrp']) expect(kind.schema.safeParse({ ...entry, keyId }).success).to.equal(true)
    for (const keyId of [ADDRESS, `${SEED.slice(0, -1)}x`, `0x${'7'.repeat(64)}`, 'aws-kms:key']) {
      expect(kind.schema.safeParse({ ...entry, keyId }).success, keyId).to.equal(false)
    }
  })

  it('takes no channels with a delay that a payee may sleep through', () => {
    expect(kind.schema.safeParse({ ...entry, settlementOptions: { settlementTimeoutSecs: 3599 } }).success).to.equal(false)
    expect(kind.schema.safeParse({ ...entry, settlementOptions: { settlementTimeoutSecs: 3600 } }).success).to.equal(true)
  })

  it('has real money in production, and there only', () => {
    expect(faults({}, 'production')).to.deep.equal(['chainId: Production must use the main network (xrp:mainnet), got xrp:testnet'])
    expect(faults({ chainId: 'xrp:mainnet' }, 'staging')).to.deep.equal(['chainId: Staging must use a test network (xrp:testnet), got xrp:mainnet'])
    expect(faults({ chainId: 'xrp:mainnet' }, 'production')).to.deep.equal([])
    expect(kind.check?.(read({ chainId: 'xrp:mainnet' }), 'development').warnings).to.have.lengthOf(1)
  })

  it('reaches public servers over TLS in production', () => {
    const main = { chainId: 'xrp:mainnet' }
    expect(faults({ ...main, rpcUrl: 'ws://xrpl.example' }, 'production')).to.deep.equal(['rpcUrl: Production must use a wss:// URL.'])
    expect(faults({ ...main, rpcUrl: 'ws://localhost:6006' }, 'production')[0]).to.contain('localhost')
    expect(kind.schema.safeParse({ ...entry, rpcUrl: 'https://xrplcluster.com' }).success).to.equal(false)
  })

  it('does not keep money on the seed that every ledger begins with', () => {
    const genesis = { keyId: 'snoPBrXtMeMyMHUVTgbuqAfg1SUTb' }
    expect(faults(genesis, 'staging')[0]).to.contain('this seed is public')
    expect(faults(genesis, 'development')).to.deep.equal([])
  })
})
