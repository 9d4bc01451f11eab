/**
 * Claims for other blockchains, as the nodes of those send them, over accounts that settle on another: each is refused by the name of what
 * it is for, whether it comes by itself or with a packet, and changes nothing.
 */
import { expect } from 'chai'
import PluginBtp from '../../../plugins/btp/index.js'
import type SettlingPlugin from '../../../plugins/lib/channels/index.js'
import { SolanaClaims } from '../../../plugins/solana/claims.js'
import { Accounts } from '../../../src/accounts/accounts.js'
import type { AccountInfo } from '../../../src/contracts/account.js'
import { freePort } from '../../../examples/free-port.js'
import { CHAIN as SOLANA, startSolanaChain, type SolanaChain } from '../../../examples/solana-chain.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { HOUR, onOneChain, payWithClaim, tellClaim, type ClaimCarrier, type Connector } from '../../support/money.js'
import { solanaLives } from '../../support/solana/life.js'
import { INSTALL_TIMEOUT_MS } from '../../support/solana/tools.js'
import { eventually } from '../../support/waiting.js'
import { Hostile } from '../../support/xrp/hostile.js'
import { Parties } from '../../support/xrp/parties.js'

const DEPOSIT = 100_000n
const SECRET = 'token'
const BASE = { version: '1.0', timestamp: '2026-01-02T03:04:05.678Z', senderId: 'connector-a' }

/** In the form of each chain; the XRP Ledger's is signed as its own nodes sign. */
const FOREIGN: Record<string, Record<string, unknown>> = {
  xrp: {
    messageId: 'xrp-187D65FE-1767323045678',
    channelId: '187D65FE5489F56FDBB8F95DE9F6196CCFCBEE7D6CDA9F5B0E2E56F79962902E',
    amount: '1000000',
    signature: 'C9774E84BC309B8944CBD180A16CF6E8B2B763D943D5746FF3F88B7D3B69B22A4B1646B00CFF3C8CECDBAF78D52CA931452CB4C1B35750BD4A219CDC163E9603',
    publicKey: 'ED6F4E09D2665B4F11F8D847CA81C616761D31AF38DC09F8B529DB5950B0D71092'
  },
  solana: {
    messageId: 'solana-So111111-1-1767323045678',
    programId: '11111111111111111111111111111111',
    channelAccount: 'So11111111111111111111111111111111111111112',
    instance: '1',
    nonce: 1,
    transferredAmount: '1000',
    signature: Buffer.alloc(64, 1).toString('base64'),
    signerPublicKey: 'SysvarC1ock11111111111111111111111111111111',
    cluster: 'devnet'
  },
  aptos: { messageId: 'aptos-1', channelOwner: '0x1', amount: '1000', nonce: 1, signature: 'ab', publicKey: 'cd' },
  mina: { messageId: 'mina-1', zkAppAddress: `B62${'q'.repeat(52)}`, tokenId: '1', balanceCommitment: '1', nonce: 1, proof: 'YQ==', salt: '1' }
}

describe('claims for other blockchains', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { start } = onOneChain()

  it('are refused by name over an account that settles on an EVM chain, and change nothing', async () => {
    const duo = await start({ options: {} })
    const { first: mallory, second: us } = duo
    const channelId = await duo.openBy(1, 2, DEPOSIT)
    await eventually('we see the channel', async () => (await us.channels()).some(({ theirDeposit }) => theirDeposit === DEPOSIT))
    const good = JSON.parse(await duo.claim(1, channelId, 1n, 3000n)) as Record<string, unknown>
    const refused: Array<[string, string, RegExp]> = [
      ...Object.entries(FOREIGN).map(([blockchain, fields]): [string, string, RegExp] =>
        [blockchain, JSON.stringify({ ...BASE, blockchain, ...fields }), new RegExp(`claim is for another chain. blockchain=${blockchain} expected=evm`)]),
      ['a good one under the name of another', JSON.stringify({ ...good, blockchain: 'solana' }), /blockchain=solana expected=evm/],
      ['one that no version knows', JSON.stringify({ ...good, blockchain: 'doge' }), /Unsupported blockchain type: doge/],
      ['another EVM chain', JSON.stringify({ ...good, chainId: 8453 }), /claim is for another chain. chainId=8453/],
      ['another contract', JSON.stringify({ ...good, tokenNetworkAddress: `0x${'22'.repeat(20)}` }), /claim is for another contract/],
      ['a later version', JSON.stringify({ ...good, version: '2.0' }), /Invalid version \(expected '1\.0', got '2\.0'\)/],
      ['fields of the prototype', JSON.stringify(good).replace('"version":"1.0"', '"__proto__":{"version":"1.0"}'), /Invalid version/],
      ['too much of it', JSON.stringify({ ...good, more: 'x'.repeat(8192) }), /must be an object/]
    ]
    for (const [what, claim, why] of refused) {
      expect(await mallory.tell(claim), `${what}, by itself`).to.match(why)
      expect(await mallory.payWith(claim, 1000n), `${what}, with a packet`).to.equal('F06')
    }
    const [channel] = await us.channels()
    expect([us.balance, us.delivered, channel?.theirTransferred, channel?.status]).to.deep.equal([0n, 0n, 0n, 'open'])
    expect(await mallory.tell(JSON.stringify(good)), 'the good one after all').to.equal('taken')
    expect(us.balance).to.equal(-3000n)
  })
})

describe('claims over a node that settles on three chains', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { start } = onOneChain()
  const ledger = new Parties()
  let solana: SolanaChain
  let hostile: Hostile
  before(async function () {
    this.timeout(INSTALL_TIMEOUT_MS)
    solana = await startSolanaChain()
    await ledger.start()
    hostile = new Hostile(ledger, ledger.alice)
  })
  after(async () => {
    solana.stop()
    await hostile.stop()
    await ledger.stop()
  })
  const provide = solanaLives(() => solana)
  const carriers: PluginBtp[] = []
  afterEach(async () => { for (const carrier of carriers.splice(0)) await carrier.disconnect() })

  /** Dials such an account, before the node is there. */
  async function accountOn (plugin: 'xrp' | 'solana', options: Record<string, unknown>): Promise<{ carrier: PluginBtp, info: AccountInfo }> {
    const port = await freePort()
    const carrier = new PluginBtp({ server: `btp+ws://:${SECRET}@127.0.0.1:${port}`, reconnectIntervals: [20] })
    carriers.push(carrier)
    carrier.connect().catch(() => undefined)
    const own = { settlementTimeoutSecs: HOUR, pollingIntervalMs: 100, idleCloseSecs: 0, sameUnits: true, listener: { port, host: '127.0.0.1', secret: SECRET } }
    return {
      carrier,
      info: { relation: 'peer', plugin, assetCode: 'TOK', assetScale: 9, balance: { maximum: '1000000000' }, options: { ...own, ...options } }
    }
  }

  async function solanaClaim (mint: string, from: Awaited<ReturnType<SolanaChain['createWallet']>>, to: string): Promise<string> {
    const provider = provide(from, { mint })
    await provider.connect()
    const { channelId } = await provider.openChannel(to, HOUR, 'open')
    await provider.deposit(channelId, DEPOSIT, 'deposit')
    const codec = new SolanaClaims({ genesis: solana.genesis, programId: solana.programId, cluster: 'localnet' }, from.signer)
    return (await codec.make({ channelId, nonce: 1n, total: 3000n, senderId: 'somebody' })).text
  }

  it('are refused by name on each account but their own, and are good there afterwards, with a packet', async () => {
    const { alice, bob, network, rippled } = ledger
    const mint = await solana.createToken()
    const [theirWallet, ourWallet] = [await solana.createWallet(mint, DEPOSIT), await solana.createWallet(mint, DEPOSIT)]
    const xrp = await accountOn('xrp', {
      chain: { chainId: `xrp:${network}`, rpcUrl: rippled.url, keyId: bob.seed }, peerAddress: alice.address
    })
    const sol = await accountOn('solana', {
      chain: {
        chainId: SOLANA, rpcUrl: solana.rpcUrl, wsUrl: solana.wsUrl, programId: solana.programId, tokenMint: mint, keyId: ourWallet.key,
        confirmations: 1, rpsLimit: 1000
      },
      peerAddress: theirWallet.address
    })
    const duo = await start({}, {}, { others: { xrp: xrp.info, solana: sol.info } })
    const { first: mallory, second: us } = duo
    const evmChannel = await duo.openBy(1, 2, DEPOSIT)
    const sides: Array<{ blockchain: string, account: string, carrier: ClaimCarrier, good: string }> = [
      { blockchain: 'evm', account: 'peer', carrier: mallory.plugin.transport, good: await duo.claim(1, evmChannel, 1n, 3000n) },
      { blockchain: 'xrp', account: 'xrp', carrier: xrp.carrier, good: hostile.message(await hostile.open(bob.address), 3000n) },
      { blockchain: 'solana', account: 'solana', carrier: sol.carrier, good: await solanaClaim(mint, theirWallet, ourWallet.address) }
    ]
    for (const { account, carrier, blockchain } of sides) {
      await eventually(`${account} is connected, and its channel seen`, async () =>
        (carrier as PluginBtp).isConnected() && (await channelsOf(us, account)).some(({ theirDeposit }) => theirDeposit >= DEPOSIT))
      const foreign = [
        ...sides.filter(side => side.account !== account).map((side): [string, string] => [side.blockchain, side.good]),
        ...['aptos', 'mina'].map((name): [string, string] => [name, JSON.stringify({ ...BASE, blockchain: name, ...FOREIGN[name] })])
      ]
      for (const [name, claim] of foreign) {
        const over = `${name} over ${account}`
        expect(await tellClaim(carrier, claim), over).to.contain(`claim is for another chain. blockchain=${name} expected=${blockchain}`)
        expect(await payWithClaim(carrier, claim, 'test.n1.local', 1000n), `${over}, with a packet`).to.equal('F06')
      }
    }
    expect(us.delivered).to.equal(0n)
    for (const { account, carrier, good } of sides) {
      const [channel] = await channelsOf(us, account)
      expect([us.book(account)?.balance, channel?.theirTransferred, channel?.status], account).to.deep.equal([0n, 0n, 'open'])
      expect(await payWithClaim(carrier, good, 'test.n1.local', 1000n), `the good one over ${account}`).to.equal('fulfill')
      expect(us.book(account)?.balance, account).to.equal(-2000n)
    }
    expect(us.delivered).to.equal(3000n)
  })
})

function channelsOf (node: Connector, account: string): ReturnType<Connector['channels']> {
  const plugin: unknown = node.container(Accounts).getPlugin(account)
  return (plugin as SettlingPlugin).channels().list()
}
