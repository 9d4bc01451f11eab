/** Options of the mina plugin: what cannot work is refused with its name, and nothing secret is repeated. */
import { expect } from 'chai'
import type { PluginServices } from '../../../src/contracts/plugin.js'
import { SILENT_LOG } from '../../../src/contracts/logger.js'
import PluginMina from '../../../plugins/mina/index.js'
import { keyWith } from '../../../plugins/mina/keys.js'
import { parseOptions } from '../../../plugins/mina/options.js'
import { memoryStore } from '../../support/evm/life.js'

const KEY = 'EKENJg7tp9W4aS27cft56DCTXjD7QF4aoRHiN9sFEE18wuCagW83'
const OURS = 'B62qjLRS3UkjF7Rf4wVAjNXLVLaNxDemc64zHKTtgg4bpLgXXMtKenH'
const PEER = 'B62qkf8v6QTM28zdyftJkcoizTwCYkao45w7hq5q3WRC1DT2P1tBq6c'
const CHAIN = { chainId: 'mina:testnet', graphqlUrl: 'https://mina.example/secret-of-the-node', keyId: KEY }
const OPTIONS = { server: 'btp+ws://:secret-token@127.0.0.1:9', chain: CHAIN, peerAddress: PEER }

function refusalOf (options: Record<string, unknown>): string {
  try {
    parseOptions(options)
  } catch (error) {
    return (error as Error).message
  }
  return 'fine'
}

describe('options of the mina plugin', () => {
  it('are those of the transport, of settlement and of the chain', () => {
    const { btp, chain, settings } = parseOptions({ ...OPTIONS, initialDeposit: '500' }, { assetScale: 6 })
    expect(btp).to.deep.equal({ server: OPTIONS.server })
    expect(chain).to.deep.include({ chainId: 'mina:devnet', confirmations: 15, txFeeNanomina: 100_000_000n, maxFeeNanomina: 2_000_000_000n })
    expect(settings).to.deep.include({ chain: 'mina:devnet', tokenId: 'MINA', peerAddress: PEER, claims: 'settlement', nativePrice: 1_000_000_000n })
    expect(settings.units.toToken(1n)).to.equal(1000n)
  })

  const FAULTS: ReadonlyArray<[Record<string, unknown>, RegExp]> = [
    [{ chain: { ...CHAIN, chainId: 'mina:mainnet' } }, /chain\.chainId: mina:mainnet takes transactions of o1js 3/],
    [{ chain: { ...CHAIN, chainId: 'mina' } }, /chain\.chainId: expected a chain such as mina:devnet/],
    [{ chain: { ...CHAIN, keyId: 'secret' } }, /chain\.keyId: expected a private key/],
    [{ chain: { ...CHAIN, keyId: 'pkcs11:mina' } }, /no vault has/],
    [{ chain: { ...CHAIN, graphqlUrl: 'secret' } }, /chain\.graphqlUrl: expected an http/],
    [{ chain: { ...CHAIN, confirmation: 3 } }, /chain\.confirmation: no such option \(did you mean confirmations\?\)/],
    [{ peerAddress: 'B62secret' }, /peerAddress: expected an address of Mina/],
    [{ peerAddress: OURS }, /nobody pays himself/],
    [{ settlementTimeoutSecs: 60 }, /settlementTimeoutSecs: expected at least 10800/]
  ]
  for (const [more, expected] of FAULTS) {
    it(`that cannot work are refused: ${JSON.stringify(more).replaceAll(KEY, 'EK...').slice(0, 70)}`, () => {
      expect(refusalOf({ ...OPTIONS, ...more })).to.match(expected).and.not.contain('secret').and.not.contain(KEY)
    })
  }

  it('name the same party under each name of its network, so that a second account with it is refused (row 21)', () => {
    const services = { store: memoryStore(), log: SILENT_LOG } as unknown as PluginServices
    const partyOf = (chain: object, more: object = {}): string =>
      new PluginMina({ ...OPTIONS, chain: { ...CHAIN, ...chain }, ...more }, services).settlesWith
    expect(partyOf({ chainId: 'mina:devnet', graphqlUrl: 'https://another.example' })).to.equal(partyOf({}))
    expect(partyOf({ chainId: 'mina:lightnet' })).to.not.equal(partyOf({}))
    expect(partyOf({}, { peerAddress: keyWith(2n).address })).to.not.equal(partyOf({}))
  })

  it('turn the units of an account into nanomina, whatever its scale is, and refuse one that is none (row 30)', () => {
    for (const [assetScale, unit, nanomina] of [[9, 1n, 1n], [6, 1n, 1000n], [0, 1n, 1_000_000_000n], [12, 1000n, 1n]] as const) {
      const { settings: { units } } = parseOptions(OPTIONS, { assetScale })
      expect([units.toToken(unit), units.toAccount(nanomina)], String(assetScale)).to.deep.equal([nanomina, unit])
    }
    expect(refusalOf({ ...OPTIONS, assetScale: 37 })).to.match(/assetScale/)
  })

  it('need a store', () => {
    expect(() => new PluginMina(OPTIONS)).to.throw('needs a store')
  })
})
