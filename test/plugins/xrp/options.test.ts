/** Options of the xrp plugin: what cannot work is refused with its name and what was probably meant, and nothing secret is repeated. */
import { expect } from 'chai'
import PluginXrp from '../../../plugins/xrp/index.js'
import { parseOptions } from '../../../plugins/xrp/options.js'

const SEED = 'sEdSJHdnVumf99WfaHTnU8DaQkx5Q4n'
const PEER = 'rDwsjm4ecjNxtYmeaiCMriQ85w1XUocea3'
/** Of `PEER`, with the tag 12. */
const FOR_MAIN = 'XV9wEG7X91u3Z5EnTfuj6Msfqvjewvg5K41YCxieD6q6JYw'
const FOR_TESTS = 'TVhgC4dWrqTwrNrg5veWbLopK4GSgWLkGYFzyeawFMDzMcb'
const CHAIN = { chainId: 'xrp:testnet', rpcUrl: 'wss://xrpl.example/secret-of-the-server', keyId: SEED }
const OPTIONS = { server: 'btp+ws://:secret-token@127.0.0.1:9', chain: CHAIN, peerAddress: PEER }

function refusalOf (options: Record<string, unknown>): string {
  try {
    parseOptions(options)
  } catch (error) {
    return (error as Error).message
  }
  return 'fine'
}

describe('options of the xrp plugin', () => {
  it('are those of the transport, of settlement and of the ledger', () => {
    const { btp, chain, settings, tag } = parseOptions({ ...OPTIONS, claims: 'packet', initialDeposit: '500' })
    expect(btp).to.deep.equal({ server: OPTIONS.server })
    expect(chain).to.deep.include({ network: 1, rpcUrl: CHAIN.rpcUrl })
    expect(settings).to.deep.include({ chain: 'xrp:testnet', tokenId: 'XRP', peerAddress: PEER, claims: 'packet', topUpBelow: 250n, nativePrice: 1_000_000n })
    expect(tag).to.equal(undefined)
  })

  it('convert between the account\'s units and drops', () => {
    const { units } = parseOptions(OPTIONS, { assetScale: 9 }).settings
    expect([units.toToken(1_000_000_000n), units.smallest]).to.deep.equal([1_000_000n, 1000n])
    expect(parseOptions({ ...OPTIONS, sameUnits: true }).settings.units.toToken(7n)).to.equal(7n)
  })

  it('take an X-address apart', () => {
    for (const [chainId, peerAddress] of [['xrp:mainnet', FOR_MAIN], ['xrp:testnet', FOR_TESTS], ['xrp:devnet', FOR_TESTS]]) {
      const { settings, tag } = parseOptions({ ...OPTIONS, chain: { ...CHAIN, chainId }, peerAddress })
      expect([settings.peerAddress, tag]).to.deep.equal([PEER, 12])
    }
  })

  const FAULTS: ReadonlyArray<[Record<string, unknown>, RegExp]> = [
    [{ peerAdress: 'r' }, /peerAdress: no such option \(did you mean peerAddress\?\)/],
    [{ chain: { ...CHAIN, rpcURL: 'x' } }, /chain\.rpcURL: no such option \(did you mean rpcUrl\?\)/],
    [{ chain: undefined }, /chain: expected the ledger to settle on/],
    [{ chain: { ...CHAIN, keyId: 'aws-kms://hunter2' } }, /chain\.keyId: this does not name a key in AWS KMS: expected aws-kms:/],
    [{ chain: { ...CHAIN, keyId: SEED.slice(0, 20) } }, /chain\.keyId: expected the seed of an account/],
    [{ chain: { ...CHAIN, rpcUrl: 'https://secret-of-the-server' } }, /chain\.rpcUrl: expected a ws/],
    [{ chain: { ...CHAIN, chainId: 'xrp:nowhere' } }, /chain\.chainId: expected a chain/],
    [{ peerAddress: FOR_MAIN }, /peerAddress: this one is for the main network and not for xrp:testnet/],
    [{ peerAddress: FOR_TESTS, chain: { ...CHAIN, chainId: 'xrp:mainnet' } }, /peerAddress: this one is for test networks and not for xrp:mainnet/],
    [{ peerAddress: 'bob' }, /peerAddress: expected an address/],
    [{ settlementTimeoutSecs: 3599 }, /settlementTimeoutSecs: expected at least 3600, an hour/],
    [{ settlementTimeoutSecs: 365 * 86_400 + 1 }, /settlementTimeoutSecs: expected at most 31536000, 365 days/]
  ]
  for (const [fault, message] of FAULTS) {
    it(`are refused: ${message.source}`, () => {
      const refusal = refusalOf({ ...OPTIONS, ...fault })
      expect(refusal).to.match(message).and.match(/^invalid options of the xrp plugin\. /)
      for (const secret of ['secret', SEED.slice(3, 18)]) expect(refusal).to.not.contain(secret)
    })
  }

  it('need a store', () => {
    expect(() => new PluginXrp(OPTIONS)).to.throw('needs a store')
  })
})
