/** What Mina tells a node keeps what every kind of chain promises, and its own rules: no main network yet, no tokens. */
import { expect } from 'chai'
import kind from '../../../plugins/mina/chain-kind.js'
import { COIN } from '../../../plugins/mina/formats.js'
import { chainKindConformance } from '../../conformance/chain-kind.js'

const KEY = 'EKENJg7tp9W4aS27cft56DCTXjD7QF4aoRHiN9sFEE18wuCagW83'
const ADDRESS = 'B62qjLRS3UkjF7Rf4wVAjNXLVLaNxDemc64zHKTtgg4bpLgXXMtKenH'
const OTHER = 'B62qkf8v6QTM28zdyftJkcoizTwCYkao45w7hq5q3WRC1DT2P1tBq6c'

const entry = { chainType: 'mina', chainId: 'mina:devnet', graphqlUrl: 'https://mina.example/graphql', keyId: KEY }

chainKindConformance('Mina', kind, {
  entry,
  secrets: ['graphqlUrl', 'keyId'],
  addresses: [[ADDRESS], [OTHER]],
  channelId: OTHER,
  chainIds: [['mina:devnet', 'mina:testnet', 'mina:berkeley'], ['mina:lightnet'], ['mina:my-net']]
})

describe('Mina in a configuration', () => {
  const read = (more: object): Parameters<typeof kind.decide>[0] => kind.schema.parse({ ...entry, ...more })
  const faults = (more: object, environment: Parameters<NonNullable<typeof kind.check>>[1] = 'development'): string[] =>
    kind.check?.(read(more), environment).problems.map(({ field, message }) => `${field}: ${message}`) ?? []
  const warnings = (more: object): string[] => kind.check?.(read(more), 'development').warnings ?? []

  it('refuses the main network with the reason, wherever it is', () => {
    for (const environment of ['development', 'staging', 'production'] as const) {
      expect(faults({ chainId: 'mina:mainnet' }, environment)[0]).to.match(/^chainId: mina:mainnet takes transactions of o1js 3 and mina-signer 4 only/)
    }
    expect(faults({}, 'production')[0]).to.contain('Production must use a main network')
    expect(faults({}, 'staging')).to.deep.equal([])
  })

  it('refuses tokens, and takes the id of the coin', () => {
    expect(faults({ tokenAddress: ADDRESS })[0]).to.match(/^tokenAddress: channels on Mina are in MINA only/)
    expect(faults({ tokenId: 'xyz' })[0]).to.match(/^tokenId: channels on Mina are in MINA only/)
    expect(faults({ tokenId: COIN })).to.deep.equal([])
  })

  it('takes what an older configuration says besides, and says what becomes of it', () => {
    expect(warnings({ zkAppAddress: OTHER })[0]).to.contain('looked at as one more channel')
    expect(warnings({ archiveUrl: 'https://archive.example' })[0]).to.contain('no archive node is needed')
    expect(faults({ network: 'testnet' })).to.deep.equal([])
    expect(faults({ network: 'mainnet' })[0]).to.contain('Leave network out')
  })

  it('warns of claims for every packet', () => {
    expect(warnings({ settlementOptions: { claims: 'packet' } })[0]).to.contain('about a hundred packets a second')
  })

  it('takes a key, or one of the wallet, and none in a vault', () => {
    expect(kind.schema.safeParse({ ...entry, keyId: 'wallet:3' }).success).to.equal(true)
    for (const keyId of [ADDRESS, `${KEY}x`, '0x12', 'EKE...']) expect(kind.schema.safeParse({ ...entry, keyId }).success, keyId).to.equal(false)
    const { error } = kind.schema.safeParse({ ...entry, keyId: 'aws-kms:alias/mina' })
    expect(error?.issues[0]?.message).to.contain('Pallas, which no vault has')
  })

  it('settles in larger steps than cheaper chains do, and takes no challenge that a payee may sleep through', () => {
    const { threshold, options } = kind.decide(read({}))
    expect(threshold).to.equal('1000000000')
    expect(options).to.deep.include({ initialDeposit: '20000000000', topUpBelow: '15000000000', redeemThreshold: '2000000000' })
    expect(kind.schema.safeParse({ ...entry, settlementOptions: { settlementTimeoutSecs: 10_799 } }).success).to.equal(false)
  })

  it('takes several nodes, each with a URL of HTTP', () => {
    expect(kind.schema.safeParse({ ...entry, graphqlUrl: ['http://a.example', 'https://b.example'] }).success).to.equal(true)
    for (const graphqlUrl of ['ws://a.example', [], ['ftp://a.example']]) expect(kind.schema.safeParse({ ...entry, graphqlUrl }).success).to.equal(false)
  })

  it('refuses a fee that is above the most', () => {
    expect(faults({ txFeeNanomina: 5, maxFeeNanomina: 4 })[0]).to.contain('below txFeeNanomina')
  })
})
