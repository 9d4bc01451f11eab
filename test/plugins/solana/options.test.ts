/** Options of the solana plugin: what cannot work is refused with its name and what was probably meant, and nothing secret is repeated. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import PluginSolana from '../../../plugins/solana/index.js'
import { rawKey } from '../../../plugins/solana/ed25519.js'
import { bytesOf, encodeBase58 } from '../../../plugins/solana/formats.js'
import { rawKeyOf } from '../../../plugins/solana/keys.js'
import { parseOptions } from '../../../plugins/solana/options.js'

const SEED = Buffer.alloc(32, 7)
const SIGNER = rawKey(SEED)
const KEY = encodeBase58(SEED)
const PROGRAM = encodeBase58(Buffer.alloc(32, 8))
const CHAIN = { chainId: 'solana:devnet', rpcUrl: 'https://rpc.example/v2/secret-of-the-rpc', programId: PROGRAM, keyId: KEY }
const OPTIONS = { server: 'btp+ws://:secret-token@127.0.0.1:9', chain: CHAIN, peerAddress: SIGNER.address }

function refusalOf (options: Record<string, unknown>): string {
  try {
    parseOptions(options)
  } catch (error) {
    return (error as Error).message
  }
  return 'fine'
}

describe('options of the solana plugin', () => {
  it('are those of the transport, of settlement and of the chain', () => {
    const { btp, chain, settings } = parseOptions({ ...OPTIONS, claims: 'packet', initialDeposit: '500' }, { assetCode: 'USDC', assetScale: 6 })
    expect(btp).to.deep.equal({ server: OPTIONS.server })
    expect(chain).to.deep.include({ chainId: 'devnet', programId: PROGRAM, tokenMint: 'So11111111111111111111111111111111111111112', confirmations: 32, rpsLimit: 10 })
    expect(settings).to.deep.include({ chain: 'solana:devnet', tokenId: 'USDC', claims: 'packet', requireClaims: false, topUpBelow: 250n })
  })

  const FAULTS: ReadonlyArray<[Record<string, unknown>, RegExp]> = [
    [{ peerAdress: 'x' }, /peerAdress: no such option \(did you mean peerAddress\?\)/],
    [{ chain: { ...CHAIN, rpcURL: 'x' } }, /chain\.rpcURL: no such option \(did you mean rpcUrl\?\)/],
    [{ chain: undefined }, /chain: expected the chain to settle on/],
    [{ chain: { ...CHAIN, chainId: 'solana:other' } }, /chain\.chainId: expected solana:mainnet, solana:devnet/],
    [{ chain: { ...CHAIN, keyId: 'aws-kms://hunter2' } }, /chain\.keyId: this does not name a key in AWS KMS: expected aws-kms:/],
    [{ chain: { ...CHAIN, keyId: KEY.slice(0, 30) } }, /chain\.keyId: expected a key of 32 or 64 bytes/],
    [{ chain: { ...CHAIN, rpcUrl: 'ftp://secret-of-the-rpc' } }, /chain\.rpcUrl: expected an http/],
    [{ chain: { ...CHAIN, wsUrl: 'https://secret-of-the-rpc' } }, /chain\.wsUrl: expected a ws/],
    [{ chain: { ...CHAIN, tokenMint: '0x12' } }, /chain\.tokenMint: expected an address/],
    [{ peerAddress: 'bob' }, /peerAddress: expected an address/],
    [{ peerAddress: '1'.repeat(32) }, /peerAddress: expected an address that can sign/],
    [{ settlementTimeoutSecs: 3599 }, /settlementTimeoutSecs: expected at least 3600, an hour/],
    [{ settlementTimeoutSecs: 2_592_001 }, /settlementTimeoutSecs: expected at most 2592000, 30 days/]
  ]
  for (const [more, words] of FAULTS) {
    it(`refuse ${words.source}`, () => {
      const refusal = refusalOf({ ...OPTIONS, ...more })
      expect(refusal).to.match(words)
      expect(refusal).to.not.contain('secret').and.not.contain(KEY.slice(0, 30))
    })
  }

  it('need a store', () => {
    expect(() => new PluginSolana(OPTIONS)).to.throw('needs a store')
  })
})

describe('a key of Solana', () => {
  let folder = ''
  before(async () => { folder = await mkdtemp(join(tmpdir(), 'sluice-keys-')) })
  after(() => rm(folder, { recursive: true }))
  const both = Buffer.concat([SEED, bytesOf(SIGNER.address)])

  it('is read in all its forms', async () => {
    const path = join(folder, 'keypair.json')
    await writeFile(path, JSON.stringify([...both]))
    for (const keyId of [KEY, encodeBase58(both), path]) expect(rawKeyOf(keyId).address).to.equal(SIGNER.address)
  })

  it('is refused without showing any of it when it cannot be one', async () => {
    const path = join(folder, 'broken.json')
    for (const [text, words] of [['[1,2,3]', /64 numbers/], ['{"secret":"4455"}', /64 numbers/], ['4455', /64 numbers/], ['[4455', /64 numbers/]] as const) {
      await writeFile(path, text)
      expect(() => rawKeyOf(path)).to.throw(words).with.property('message').that.does.not.contain('4455')
    }
    expect(() => rawKeyOf(join(folder, 'none.json'))).to.throw('names a file that cannot be read')
    expect(() => rawKeyOf(encodeBase58(Buffer.concat([SEED, SEED])))).to.throw('do not belong together')
    expect(() => rawKeyOf('x')).to.throw('not a key of Solana')
  })
})
