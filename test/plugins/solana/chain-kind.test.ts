/** What Solana tells a node keeps what every kind of chain promises, and its rules for environments hold. */
import { expect } from 'chai'
import kind from '../../../plugins/solana/chain-kind.js'
import { encodeBase58 } from '../../../plugins/solana/formats.js'
import { chainKindConformance } from '../../conformance/chain-kind.js'

const PROGRAM = 'So11111111111111111111111111111111111111112'
const OTHER = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v'
const KEY = encodeBase58(Buffer.alloc(32, 7))
const ENTRY = {
  chainType: 'solana', chainId: 'solana:mainnet', rpcUrl: 'https://api.mainnet-beta.solana.com', programId: PROGRAM, keyId: KEY
}

chainKindConformance('Solana', kind, {
  entry: ENTRY,
  secrets: ['rpcUrl', 'keyId'],
  addresses: [[PROGRAM], [OTHER]],
  channelId: `${OTHER}:81`
})

describe('an entry of Solana in chainProviders', () => {
  const problemsOf = (more: object, environment: 'development' | 'staging' | 'production'): string[] => {
    const entry = kind.schema.parse({ ...ENTRY, ...more })
    return kind.check!(entry, environment).problems.map(({ field, message }) => `${field}: ${message}`)
  }

  it('takes a key in base58 of 32 or 64 bytes, or the path of a keypair.json', () => {
    for (const keyId of [KEY, encodeBase58(Buffer.alloc(64, 7)), '/path/to/keypair.json', 'keys/node.json']) {
      expect(kind.schema.safeParse({ ...ENTRY, keyId }).success, keyId).to.equal(true)
    }
    for (const keyId of ['0x12', 'aws-kms://hunter2', 'azure-kv:https://x.vault.azure.net/keys/node', '4'.repeat(20), '']) {
      expect(kind.schema.safeParse({ ...ENTRY, keyId }).success, keyId).to.equal(false)
    }
  })

  it('takes the challenge that the program takes', () => {
    for (const [secs, isTaken] of [[3599, false], [3600, true], [2_592_000, true], [2_592_001, false]] as const) {
      const settlementOptions = { settlementTimeoutSecs: secs }
      expect(kind.schema.safeParse({ ...ENTRY, settlementOptions }).success, String(secs)).to.equal(isTaken)
    }
  })

  it('pays in wrapped SOL unless a token is named', () => {
    expect(kind.decide(kind.schema.parse(ENTRY)).tokenAddress).to.equal('So11111111111111111111111111111111111111112')
    expect(kind.decide(kind.schema.parse({ ...ENTRY, tokenMint: OTHER })).tokenAddress).to.equal(OTHER)
  })

  it('takes the asset of the entry for that of the token', () => {
    const { asset, options } = kind.decide(kind.schema.parse({ ...ENTRY, tokenMint: OTHER, asset: { code: 'USD', scale: 6 } }))
    expect(asset).to.deep.include({ code: 'USD', scale: 6 })
    expect(options.chain).to.deep.include({ tokenDecimals: 6, tokenId: 'USD' })
  })

  it('has no money that is real outside production, and nothing else in it', () => {
    expect(problemsOf({ acceptSbpfV0: true }, 'production')).to.deep.equal([])
    for (const [what, more, environment, words] of [
      ['devnet', { acceptSbpfV0: true, chainId: 'solana:devnet' }, 'production', /^chainId: Production must use Solana mainnet/],
      ['a node of its own', { acceptSbpfV0: true, rpcUrl: 'https://localhost:8899' }, 'production', /^rpcUrl: Production must not use a localhost/],
      ['no TLS', { acceptSbpfV0: true, rpcUrl: 'http://rpc.example' }, 'production', /^rpcUrl: Production must use an https/],
      ['a WebSocket without TLS', { acceptSbpfV0: true, wsUrl: 'ws://rpc.example' }, 'production', /^wsUrl: .*wss/],
      ['few confirmations', { acceptSbpfV0: true, settlementOptions: { confirmations: 1 } }, 'production', /^settlementOptions: confirmations must be 32/],
      ['a program that nobody has checked', { acceptSbpfV0: true, allowUnverifiedProgram: true }, 'production', /^allowUnverifiedProgram: /],
      ['a format of program that may go', {}, 'production', /^acceptSbpfV0: .*acceptSbpfV0: true/],
      ['mainnet', {}, 'staging', /^chainId: Staging must use Solana devnet/],
      ['an asset of no token', { asset: { code: 'X', scale: 37 } }, 'development', /^asset: scale is 37/],
      ['two clusters', { cluster: 'devnet' }, 'development', /^cluster: /],
      ['a second node for nothing', { verifyRpcUrl: 'https://other.example' }, 'development', /^verifyAbove: /]
    ] as const) {
      const problems = problemsOf(more, environment)
      expect(problems, what).to.have.lengthOf(1)
      expect(problems[0], what).to.match(words)
    }
    expect(kind.check!(kind.schema.parse(ENTRY), 'development').warnings.join()).to.contain('money is real')
  })
})
