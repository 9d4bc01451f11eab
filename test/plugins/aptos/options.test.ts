/** Options of the aptos plugin: what cannot work is refused with its name and what was probably meant, and nothing secret is repeated. */
import { expect } from 'chai'
import PluginAptos from '../../../plugins/aptos/index.js'
import { canonicalAddress } from '../../../plugins/aptos/formats.js'
import { keysOf } from '../../../plugins/aptos/keys.js'
import { parseOptions } from '../../../plugins/aptos/options.js'

const KEY = `0x${'7'.repeat(64)}`
const CHAIN = { chainId: 'aptos:testnet', rpcUrl: 'https://node.example/v1?key=secret-of-the-rpc', moduleAddress: '0x511ce', keyId: KEY }
const OPTIONS = { server: 'btp+ws://:secret-token@127.0.0.1:9', chain: CHAIN, peerAddress: '0xB0B' }

function refusalOf (options: Record<string, unknown>): string {
  try {
    parseOptions(options)
  } catch (error) {
    return (error as Error).message
  }
  return 'fine'
}

describe('options of the aptos plugin', () => {
  it('are those of the transport, of settlement and of the chain', () => {
    const { btp, chain, settings } = parseOptions({ ...OPTIONS, claims: 'packet', initialDeposit: '500' }, { assetCode: 'APT', assetScale: 8 })
    expect(btp).to.deep.equal({ server: OPTIONS.server })
    expect(chain).to.deep.include({ network: 2, moduleAddress: canonicalAddress('0x511ce'), tokenAddress: canonicalAddress('0xa'), coinType: '0x1::aptos_coin::AptosCoin', maxFee: 5_000_000n })
    expect(settings).to.deep.include({ chain: 'aptos:testnet', peerAddress: canonicalAddress('0xb0b'), tokenId: 'APT', claims: 'packet', topUpBelow: 250n })
    expect(settings.contract).to.equal(`${canonicalAddress('0x511ce')}/${canonicalAddress('0xa')}`)
    expect(parseOptions({ ...OPTIONS, chain: { ...CHAIN, tokenAddress: '0xb' } }).chain.coinType, 'another asset is no coin').to.equal(undefined)
  })

  const FAULTS: ReadonlyArray<[Record<string, unknown>, RegExp]> = [
    [{ peerAdress: 'x' }, /peerAdress: no such option \(did you mean peerAddress\?\)/],
    [{ chain: { ...CHAIN, rpcURL: 'x' } }, /chain\.rpcURL: no such option \(did you mean rpcUrl\?\)/],
    [{ chain: undefined }, /chain: expected the chain to settle on/],
    [{ chain: { ...CHAIN, chainId: 'aptos:other' } }, /chain\.chainId: expected aptos:mainnet, aptos:testnet/],
    [{ chain: { ...CHAIN, chainId: 'aptos:mainnet' } }, /chain\.chainId: No Aptos node has run the module/],
    [{ chain: { ...CHAIN, keyId: 'aws-kms://hunter2' } }, /chain\.keyId: this does not name a key in AWS KMS: expected aws-kms:/],
    [{ chain: { ...CHAIN, keyId: KEY.slice(0, 30) } }, /chain\.keyId: expected a key of 32 bytes/],
    [{ chain: { ...CHAIN, rpcUrl: 'ftp://secret-of-the-rpc' } }, /chain\.rpcUrl: expected an http/],
    [{ chain: { ...CHAIN, tokenAddress: 'So111' } }, /chain\.tokenAddress: expected an address/],
    [{ chain: { ...CHAIN, coinType: 'APT' } }, /chain\.coinType: expected a coin such as/],
    [{ peerAddress: 'bob' }, /peerAddress: expected an address/],
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

  it('take mainnet where the risk is accepted', () => {
    expect(parseOptions({ ...OPTIONS, chain: { ...CHAIN, chainId: 'aptos:1', allowMainnet: true } }).settings.chain).to.equal('aptos:mainnet')
  })

  it('need a store', () => {
    expect(() => new PluginAptos(OPTIONS)).to.throw('needs a store')
  })
})

describe('a key of Aptos', () => {
  it('is read in all its forms, and refused without showing any of it', () => {
    const { address } = keysOf(KEY).key
    for (const keyId of [KEY.slice(2), `ed25519-priv-${KEY}`]) expect(keysOf(keyId).key.address).to.equal(address)
    expect(() => keysOf('0x4455')).to.throw('not a key of Aptos').with.property('message').that.does.not.contain('4455')
  })
})
