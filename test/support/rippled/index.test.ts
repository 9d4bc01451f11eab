/** The stand-in for rippled is good for the real client: a channel from its creation to its end, and no drop is made or lost. */
import { expect } from 'chai'
import { Client, Wallet, type LedgerEntryResponse, type PaymentChannelClaim, type PaymentChannelCreate, type TransactionStream } from 'xrpl'
import { startRippled, type Rippled } from './index.js'
import { ALL_DROPS } from './network.js'
import { channelIndex } from './hashing.js'
import { signedClaim, XRP } from './parties.js'

describe('the stand-in for rippled, with the real client', () => {
  const payer = Wallet.generate()
  const payee = Wallet.generate()
  let rippled: Rippled
  let client: Client

  before(async () => {
    rippled = await startRippled({ ledgerMs: 200, accounts: { [payer.address]: 100n * XRP, [payee.address]: 10n * XRP } })
    client = new Client(rippled.url)
    await client.connect()
  })

  after(async () => {
    await client.disconnect()
    await rippled.stop()
  })

  it('opens, fills, redeems and closes a channel, by autofill and submitAndWait', async () => {
    const events: TransactionStream[] = []
    client.on('transaction', event => { events.push(event) })
    await client.request({ command: 'subscribe', streams: ['ledger'], accounts: [payee.address] })
    const create: PaymentChannelCreate = {
      TransactionType: 'PaymentChannelCreate', Account: payer.address, Destination: payee.address, Amount: `${10n * XRP}`, SettleDelay: 3600,
      PublicKey: payer.publicKey
    }
    const created = await client.submitAndWait(create, { wallet: payer })
    const channel = channelIndex(payer.address, payee.address, created.result.tx_json.Sequence ?? 0)
    expect((await entry(channel)).node).to.include({ Amount: `${10n * XRP}`, Balance: '0', Destination: payee.address })

    await client.submitAndWait({ TransactionType: 'PaymentChannelFund', Account: payer.address, Channel: channel, Amount: `${5n * XRP}` }, { wallet: payer })
    expect((await entry(channel)).node).to.include({ Amount: `${15n * XRP}` })

    const claim: PaymentChannelClaim = {
      TransactionType: 'PaymentChannelClaim', Account: payee.address, Channel: channel, Balance: `${4n * XRP}`, Amount: `${4n * XRP}`,
      PublicKey: payer.publicKey, Signature: signedClaim(payer, channel, 4n * XRP), Flags: 0x00020000
    }
    const redeemed = await client.submitAndWait(claim, { wallet: payee })
    expect(redeemed.result.meta).to.include({ TransactionResult: 'tesSUCCESS' })
    const fees = 12n // xrpl.js pays 1.2 times the base fee
    expect(await client.getXrpBalance(payee.address)).to.equal(Number(14n * XRP - fees) / 1e6)
    expect(await client.getXrpBalance(payer.address)).to.equal(Number(96n * XRP - 2n * fees) / 1e6)
    const told = events.map(({ tx_json }) => tx_json?.TransactionType)
    expect(told).to.deep.equal(['PaymentChannelCreate', 'PaymentChannelFund', 'PaymentChannelClaim'])
    expect(rippled.network.dropsInState() + 3n * fees).to.equal(ALL_DROPS)
    expect(rippled.network.lastClosed.totalDrops).to.equal(ALL_DROPS - 3n * fees)
  })

  async function entry (channel: string): Promise<LedgerEntryResponse['result']> {
    return (await client.request({ command: 'ledger_entry', payment_channel: channel, ledger_index: 'validated' })).result
  }
})
