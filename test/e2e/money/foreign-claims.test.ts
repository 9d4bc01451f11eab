/**
 * Claims for other blockchains, as the nodes of those send them, over an account that settles on an EVM chain: each is refused by the name
 * of what it is for, whether it comes by itself or with a packet, and changes nothing.
 */
import { expect } from 'chai'
import { noRejectionLeft } from '../../support/unhandled.js'
import { onOneChain } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

const DEPOSIT = 100_000n
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
