/**
 * The plugin of the XRP Ledger on a stand-in's ledger of its own, as the adversary attacks it: with real keys, transactions and claims. The
 * adversary signs whatever it likes; what the ledger then does with it is the ledger's rule.
 */
import { Wallet } from 'xrpl'
import { XrpClaims } from '../../../plugins/xrp/claims.js'
import type { ClaimSource, Payer } from '../../../plugins/xrp/claims.js'
import { startRippled, type Rippled } from '../rippled/index.js'
import type { PayChannel } from '../rippled/entries.js'
import { signedBlob, signedClaim } from '../rippled/parties.js'
import { claimMessage, isSignedBy } from '../rippled/signatures.js'
import { readTransaction } from '../rippled/transaction.js'
import { transactorOf } from '../rippled/transactors/index.js'
import type { ChainAct, ChainUnderTest, Identity, OpenChannel, Weather } from './chain.js'

const DROPS = 1_000_000_000n
/** Of a channel of the adversary, which cannot be empty. */
const FIRST_DEPOSIT = 500n
const FEE = 12n
const CLOSE = 0x00020000
/** Ledgers close so often, in real ms: time stands still for everybody else. */
const LEDGER_MS = 4

type Fields = Readonly<Record<string, unknown>>

interface Party extends Identity {
  wallet: Wallet
}

export class XrpUnderTest implements ChainUnderTest {
  readonly ours: string
  readonly identities: [Party, Party]
  readonly plugin = 'xrp'
  readonly patienceMs = 2
  readonly beginsMs = Date.now()
  readonly #us = Wallet.generate()
  #activity = 0

  private constructor (private readonly rippled: Rippled, mallory: Wallet, malory: Wallet) {
    this.ours = this.#us.classicAddress
    this.identities = [this.#party(mallory), this.#party(malory)]
    for (const address of [this.ours, ...this.identities.map(({ address }) => address)]) rippled.fund(address, DROPS)
    rippled.closeLedger()
    rippled.network.on('closed', ({ transactions }) => { this.#activity += transactions.length })
  }

  /** A ledger of its own. Before the clock stands still: it goes on closing, with the times that the clock says. */
  static async make (): Promise<XrpUnderTest> {
    const rippled = await startRippled({ ledgerMs: LEDGER_MS, ledgerSeconds: undefined })
    return new XrpUnderTest(rippled, Wallet.generate(), Wallet.generate())
  }

  get activity (): number {
    return this.#activity
  }

  optionsFor (peerAddress: string): Record<string, unknown> {
    const { rippled: { url, network: { options: { networkId } } } } = this
    return { chain: { chainId: `xrp:${networkId}`, rpcUrl: url, keyId: this.#us.seed }, peerAddress, sameUnits: true }
  }

  /** With the fees that were paid: they went to nobody. */
  wallet (address: string): Promise<bigint> {
    const { network, state } = this.rippled
    let drops = state.account(address)?.Balance ?? 0n
    for (let index = network.options.firstLedger; index <= network.lastClosed.index; index++) {
      for (const { tx } of network.ledger(index)?.transactions ?? []) if (tx.account === address) drops += tx.fee ?? 0n
    }
    return Promise.resolve(drops)
  }

  channels (): Promise<OpenChannel[]> {
    const found: OpenChannel[] = []
    for (const [channelId, entry] of this.rippled.network.lastClosed.state ?? []) {
      if (entry.LedgerEntryType !== 'PayChannel') continue
      const isOurs = entry.Account === this.ours
      const address = isOurs ? entry.Destination : entry.Account
      if (!isOurs && entry.Destination !== this.ours) continue
      const side = { deposit: dropsOf(entry.Amount), redeemed: dropsOf(entry.Balance) }
      const other = { deposit: 0n, redeemed: 0n }
      const [ours, theirs] = isOurs ? [side, other] : [other, side]
      found.push({ channelId, address, challengeSecs: entry.SettleDelay, isClosing: entry.Expiration !== undefined, ours, theirs })
    }
    return Promise.resolve(found)
  }

  async act (by: Identity, act: ChainAct): Promise<void> {
    const party = this.identities.find(({ address }) => address === by.address) ?? this.identities[0]
    switch (act.do) {
    case 'open': {
      this.#send(party, {
        TransactionType: 'PaymentChannelCreate',
        Destination: this.ours,
        Amount: String(FIRST_DEPOSIT),
        SettleDelay: act.challengeSecs,
        PublicKey: party.wallet.publicKey
      })
      break
    }
    case 'deposit': {
      this.#send(party, { TransactionType: 'PaymentChannelFund', Channel: act.channelId, Amount: String(act.amount) })
      break
    }
    case 'redeem': {
      const { channelId, total, signature } = by.codec.parse(act.claim)
      const PublicKey = this.#channel(channelId)?.PublicKey
      this.#claim(party, channelId, { Balance: String(total), Amount: String(total), Signature: signature, PublicKey })
      break
    }
    case 'close':
    case 'settle': {
      this.#claim(party, act.channelId, { Flags: CLOSE })
      break
    }
    case 'closeTogether': throw new Error('nobody signs an end on this ledger')
    }
    await Promise.resolve()
  }

  isSigned (text: Buffer): Promise<boolean> {
    const { channelId, total, signature } = this.identities[0].codec.parse(text)
    const entry = this.#channel(channelId)
    return Promise.resolve(entry !== undefined && isSignedBy(entry.PublicKey, claimMessage(channelId, total), signature))
  }

  async pass (): Promise<void> {
    await Promise.resolve() // its clock is Date
  }

  setWeather (weather: Weather): void {
    const { faults, network } = this.rippled
    faults.clear()
    if (weather === 'away') faults.add({ does: 'loseRequest' })
    if (weather === 'stale') faults.standStill(network.lastClosed.index)
  }

  stop (): void {
    this.rippled.stop().catch(() => undefined)
  }

  #claim (party: Party, channelId: string, fields: Fields): void {
    this.#send(party, { TransactionType: 'PaymentChannelClaim', Channel: channelId, ...fields })
  }

  /** Throws when the ledger refuses it at once. */
  #send ({ wallet }: Party, fields: Fields): void {
    const { network } = this.rippled
    const blob = signedBlob(wallet, {
      Account: wallet.classicAddress,
      Sequence: network.sequencesOf(wallet.classicAddress).available,
      Fee: String(FEE),
      NetworkID: network.options.networkId,
      ...fields
    })
    const { result, isKept } = network.submit(readTransaction(blob, type => transactorOf(type)?.required))
    if (!isKept) throw new Error(result)
    this.#activity++
  }

  #channel (channelId: string): PayChannel | undefined {
    return this.rippled.state.channel(channelId)
  }

  /** It sees all of the ledger, and signs for its channels with the key of its account. */
  #party (wallet: Wallet): Party {
    const payerOf = (channelId: string): Payer | undefined => {
      const entry = this.#channel(channelId)
      return entry && { source: entry.Account, publicKey: entry.PublicKey }
    }
    const source: ClaimSource = {
      payerOf,
      findPayer: channelId => Promise.resolve(payerOf(channelId)),
      checkFresh: () => undefined,
      keyOf: () => ({ publicKey: wallet.publicKey, sign: (channelId, total) => signedClaim(wallet, channelId, total) })
    }
    return { wallet, address: wallet.classicAddress, codec: new XrpClaims(source, wallet.classicAddress, this.ours) }
  }
}

function dropsOf (amount: PayChannel['Amount']): bigint {
  if (typeof amount !== 'bigint') throw new Error('a channel of tokens: nobody here opens one')
  return amount
}
