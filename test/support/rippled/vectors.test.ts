/** The signed transactions of the specification's vectors (9.3), one after the other on a stand-in with the accounts that signed them. */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { Client, signPaymentChannelClaim } from 'xrpl'
import { openChannelIn } from './channels.js'
import { startRippled, type Rippled } from './index.js'
import { RICHES, startLedgerWorld, XRP } from './parties.js'

interface Vectors {
  payer: { address: string }
  payee: { address: string }
  claimsKeySecp256k1: { publicKey: string, privateKey: string }
  channelIds: Array<{ id: string, ticketSequence?: number }>
  transactions: Record<'create' | 'createWithTicket7' | 'fund' | 'redeem' | 'redeemAndClose' | 'close' | 'renew', { hash: string, blob: string }>
}

const vectors = JSON.parse(readFileSync('test/support/rippled/vectors.json', 'utf8')) as Vectors
const { payer, payee, channelIds, transactions } = vectors
const id = channelIds[0]?.id ?? ''

describe('the stand-in for rippled: signed vectors', () => {
  let rippled: Rippled
  let client: Client

  beforeEach(async () => {
    // The vectors begin with sequence 1, and name no network.
    rippled = await startRippled({ networkId: 1, firstLedger: 1, accounts: { [payer.address]: RICHES, [payee.address]: RICHES } })
    client = new Client(rippled.url)
    await client.connect()
  })

  afterEach(async () => {
    await client.disconnect()
    await rippled.stop()
  })

  async function run (name: keyof Vectors['transactions']): Promise<string | undefined> {
    const { blob, hash } = transactions[name]
    const { result } = await client.request({ command: 'submit', tx_blob: blob })
    expect(result.tx_json.hash).to.equal(hash)
    rippled.closeLedger()
    return rippled.network.transaction(hash)?.result ?? result.engine_result
  }

  it('create, fund, redeem, close', async () => {
    expect(await run('create')).to.equal('tesSUCCESS')
    expect(rippled.state.channel(id)).to.include({ Amount: 10n * XRP, Sequence: 1 })
    expect(await run('fund')).to.equal('tesSUCCESS')
    expect(await run('redeem')).to.equal('tesSUCCESS')
    expect(rippled.state.channel(id)).to.include({ Amount: 15n * XRP, Balance: XRP })
    expect(await run('close')).to.equal('tesSUCCESS')
    expect(rippled.state.channel(id)?.Expiration).to.be.above(rippled.network.lastClosed.parentCloseTime)
  })

  it('renew leaves the channel without Expiration; redeem and close in one ends it', async () => {
    await run('create')
    await run('fund')
    expect(await run('renew')).to.equal('tesSUCCESS')
    expect(rippled.state.channel(id)?.Expiration).to.equal(undefined)
    expect(await run('redeemAndClose')).to.equal('tesSUCCESS')
    expect(rippled.state.channel(id)).to.equal(undefined)
    expect(rippled.state.account(payee.address)?.Balance).to.equal(RICHES + XRP - 12n)
  })

  it('with a ticket that is not there yet', async () => {
    expect(await run('createWithTicket7')).to.equal('terPRE_TICKET')
  })

  it('a claim by a secp256k1 key, which is legal on the ledger (2.5)', async () => {
    const world = await startLedgerWorld()
    const key = vectors.claimsKeySecp256k1
    const channel = await openChannelIn(world, { PublicKey: key.publicKey })
    const claim = { Balance: `${XRP}`, Amount: `${XRP}`, PublicKey: key.publicKey }
    const Signature = signPaymentChannelClaim(channel.id, '1', key.privateKey)
    expect(await channel.claim(world.payee, { ...claim, Signature: signPaymentChannelClaim(channel.id, '2', key.privateKey) })).to.equal('temBAD_SIGNATURE')
    expect(await channel.claim(world.payee, { ...claim, Signature })).to.equal('tesSUCCESS')
    await world.stop()
  })
})
