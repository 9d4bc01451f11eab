/** A peer on the stand-in's ledger that sends what no honest one would, and signs what it likes. */
import { Client, Wallet } from 'xrpl'
import { channelIndex } from '../rippled/hashing.js'
import { signedBlob, signedClaim } from '../rippled/parties.js'
import type { Account, Parties } from './parties.js'

type Fields = Readonly<Record<string, unknown>>

export const CLOSE = 0x00020000
export const RENEW = 0x00010000

export class Hostile {
  readonly wallet: Wallet
  readonly client: Client

  constructor (private readonly parties: Parties, account: Account) {
    this.wallet = Wallet.fromSeed(account.seed)
    this.client = new Client(parties.rippled.url)
  }

  /** Signs and submits, and closes a ledger. Resolves to the result, and the sequence. */
  async send (fields: Fields): Promise<{ result: string, sequence: number }> {
    if (!this.client.isConnected()) await this.client.connect()
    const { rippled, network } = this.parties
    const sequence = rippled.network.sequencesOf(this.wallet.address).available
    const blob = signedBlob(this.wallet, {
      Account: this.wallet.address, Sequence: sequence, Fee: '5000', ...network > 1024 ? { NetworkID: network } : {}, ...fields
    })
    const { result: { engine_result: early, tx_json: { hash = '' } } } = await this.client.request({ command: 'submit', tx_blob: blob })
    rippled.closeLedger()
    return { result: rippled.network.transaction(hash)?.result ?? early, sequence }
  }

  /** Opens a channel. Resolves to its id, or to what the ledger said. */
  async open (destination: string, fields: Fields = {}): Promise<string> {
    const { result, sequence } = await this.send({
      TransactionType: 'PaymentChannelCreate', Destination: destination, Amount: '1000000', SettleDelay: 3600, PublicKey: this.wallet.publicKey, ...fields
    })
    return result === 'tesSUCCESS' ? channelIndex(this.wallet.address, destination, sequence) : result
  }

  async fund (channel: string, fields: Fields = {}): Promise<string> {
    return (await this.send({ TransactionType: 'PaymentChannelFund', Channel: channel, Amount: '1000000', ...fields })).result
  }

  async claim (channel: string, fields: Fields = {}): Promise<string> {
    return (await this.send({ TransactionType: 'PaymentChannelClaim', Channel: channel, ...fields })).result
  }

  /** A message with a claim that is signed with the key of the account. */
  message (channel: string, drops: bigint, more: Fields = {}): string {
    return JSON.stringify({
      version: '1.0',
      blockchain: 'xrp',
      messageId: 'xrp-1',
      timestamp: '2026-01-02T03:04:05.678Z',
      senderId: 'hostile',
      channelId: channel,
      amount: String(drops),
      signature: signedClaim(this.wallet, channel, drops),
      publicKey: this.wallet.publicKey,
      ...more
    })
  }

  async stop (): Promise<void> {
    await this.client.disconnect()
  }
}
