/** Options of the evm plugin: what cannot work is refused with its name and what was probably meant, and nothing secret is repeated. */
import { expect } from 'chai'
import PluginEvm from '../../../plugins/evm/index.js'
import { parseOptions } from '../../../plugins/evm/options.js'

const KEY = `0x${'a1'.repeat(32)}`
const CHAIN = {
  chainId: 8453, rpcUrl: 'https://rpc.example/v2/secret-of-the-rpc', registryAddress: `0x${'Ab'.repeat(20)}`, tokenAddress: `0x${'22'.repeat(20)}`, keyId: KEY
}
const OPTIONS = { server: 'btp+ws://:secret-token@127.0.0.1:9', chain: CHAIN, peerAddress: `0x${'33'.repeat(20)}` }

function refusalOf (options: Record<string, unknown>): string {
  try {
    parseOptions(options)
  } catch (error) {
    return (error as Error).message
  }
  return 'fine'
}

describe('options of the evm plugin', () => {
  it('are those of the transport, of settlement and of the chain', () => {
    const { btp, chain, settings } = parseOptions({ ...OPTIONS, claims: 'packet', initialDeposit: '500' }, { assetCode: 'USDC', assetScale: 6 })
    expect(btp).to.deep.equal({ server: OPTIONS.server })
    expect(chain).to.deep.include({ chainId: 8453n, registryAddress: `0x${'ab'.repeat(20)}` })
    expect(settings).to.deep.include({ chain: 'evm:8453', tokenId: 'USDC', claims: 'packet', requireClaims: false, topUpBelow: 250n })
  })

  for (const chainId of [8453, 'evm:8453', 'evm:base:8453', '8453']) {
    it(`take ${chainId} as a chain`, () => {
      expect(parseOptions({ ...OPTIONS, chain: { ...CHAIN, chainId } }).settings.chain).to.equal('evm:8453')
    })
  }

  const FAULTS: ReadonlyArray<[Record<string, unknown>, RegExp]> = [
    [{ peerAdress: '0x' }, /peerAdress: no such option \(did you mean peerAddress\?\)/],
    [{ requireclaims: true }, /requireclaims: no such option \(did you mean requireClaims\?\)/],
    [{ chain: { ...CHAIN, rpcURL: 'x' } }, /chain\.rpcURL: no such option \(did you mean rpcUrl\?\)/],
    [{ chain: undefined }, /chain: expected the chain to settle on/],
    [{ chain: { ...CHAIN, keyId: 'aws-kms://hunter2' } }, /chain\.keyId: this does not name a key in AWS KMS: expected aws-kms:/],
    [{ chain: { ...CHAIN, keyId: KEY.slice(0, 50) } }, /chain\.keyId: expected a raw private key/],
    [{ chain: { ...CHAIN, rpcUrl: 'ftp://secret-of-the-rpc' } }, /chain\.rpcUrl: expected an http/],
    [{ chain: { ...CHAIN, tokenAddress: '0x12' } }, /chain\.tokenAddress: expected an address/],
    [{ peerAddress: 'bob' }, /peerAddress: expected an address/],
    [{ claims: 'always' }, /claims: /],
    [{ claims: 'packet', chain: { ...CHAIN, keyId: 'hsm:evm' } }, /claims is packet, and a key in a vault cannot sign a claim for each packet/],
    [{ settlementTimeoutSecs: 3599 }, /settlementTimeoutSecs: expected at least 3600, an hour/],
    [{ settlementTimeoutSecs: 1 }, /settlementTimeoutSecs: expected at least 3600, an hour/],
    [{ settlementTimeoutSecs: 365 * 86_400 + 1 }, /settlementTimeoutSecs: expected at most 31536000, 365 days/],
    [{ initialDeposit: '1.5' }, /initialDeposit: expected a decimal string/]
  ]
  for (const settlementTimeoutSecs of [3600, 365 * 86_400]) {
    it(`take a challenge of ${settlementTimeoutSecs} s`, () => {
      expect(parseOptions({ ...OPTIONS, settlementTimeoutSecs }).settings.challengeSecs).to.equal(settlementTimeoutSecs)
    })
  }

  for (const [fault, message] of FAULTS) {
    it(`are refused: ${message.source}`, () => {
      const refusal = refusalOf({ ...OPTIONS, ...fault })
      expect(refusal).to.match(message).and.match(/^invalid options of the evm plugin\. /)
      for (const secret of ['secret', KEY.slice(2, 40)]) expect(refusal).to.not.contain(secret)
    })
  }

  it('need a store', () => {
    expect(() => new PluginEvm(OPTIONS)).to.throw('needs a store')
  })
})
