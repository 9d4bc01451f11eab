/** Parties and channels on o1js's local chain, for tests of the contract itself: with real proofs, or with none. */
import Client from 'mina-signer'
import type { PrivateKey } from 'o1js'
import { AccountUpdate, Cache, Field, Mina, Signature, UInt64, type PublicKey } from 'o1js'
import { Channel, claimFields, domainOf } from '../../../plugins/mina/contract/channel.js'
import { DUMMY_PROOF } from './dummy-proof.js'

export const MINA = 1_000_000_000n
export const FEE = MINA / 10n
export const CHALLENGE_SLOTS = 480
export const NETWORK = 'mina:devnet'

/** A public key with its private one, as o1js's local chain has them. */
export type Account = Mina.TestPublicKey
export interface TestChannel { account: Account, app: Channel, domain: Field, payer: Account, payee: Account }
/** What a claim is signed with and for; that of the channel where absent. */
interface SignedOver { key: PrivateKey, domain: Field, address: PublicKey }
export type ClaimArguments = [UInt64, Field, Signature]
type Command = Awaited<ReturnType<typeof Mina.transaction>>

export interface OpeningOptions {
  payer?: Account
  payee?: Account
  /** What else the opening does to the account. */
  more?: (app: Channel) => void
  /** Paid to the address before it is opened. */
  before?: bigint
}

export class ContractWorld {
  readonly payer: Account
  readonly payee: Account
  readonly stranger: Account

  private constructor (readonly chain: Awaited<ReturnType<typeof Mina.LocalBlockchain>>) {
    [this.payer, this.payee, this.stranger] = chain.testAccounts
  }

  /** @param cacheDir of compiled circuits; undefined: without proofs */
  static async start (cacheDir?: string): Promise<ContractWorld> {
    const chain = await Mina.LocalBlockchain({ proofsEnabled: cacheDir !== undefined })
    Mina.setActiveInstance(chain)
    if (cacheDir !== undefined) await Channel.compile({ cache: Cache.FileSystem(cacheDir) })
    return new ContractWorld(chain)
  }

  async build (sender: Account, work: () => Promise<void>): Promise<Command> {
    const command = await Mina.transaction({ sender, fee: Number(FEE) }, work)
    if (this.chain.proofsEnabled) await command.prove()
    else for (const update of command.transaction.accountUpdates) if (update.lazyAuthorization?.kind === 'lazy-proof') takeDummy(update)
    return command
  }

  async send (sender: Account, work: () => Promise<void>, ...keys: PrivateKey[]): Promise<void> {
    const command = await this.build(sender, work)
    await command.sign([sender.key, ...keys]).send()
  }

  async open (deposit: bigint, options: OpeningOptions = {}): Promise<TestChannel> {
    const { payer = this.payer, payee = this.payee, more = () => undefined, before = 0n } = options
    const account = Mina.TestPublicKey.random()
    if (before > 0n) {
      await this.send(payer, () => {
        AccountUpdate.fundNewAccount(payer).send({ to: account, amount: before })
        return Promise.resolve()
      })
    }
    const app = new Channel(account)
    const domain = domainOf(NETWORK, account)
    await this.send(payer, async () => {
      if (before === 0n) AccountUpdate.fundNewAccount(payer)
      await app.open({ payer, payee, challengeSlots: CHALLENGE_SLOTS, domain })
      more(app)
    }, account.key)
    const channel = { account, app, domain, payer, payee }
    if (deposit > 0n) await this.put(payer, channel, deposit)
    return channel
  }

  /** A plain payment in, as far as the local chain has them. */
  async put (from: Account, { account }: TestChannel, amount: bigint): Promise<void> {
    await this.send(from, () => {
      AccountUpdate.createSigned(from).send({ to: account, amount })
      return Promise.resolve()
    })
  }

  balance (of: PublicKey): bigint {
    return Mina.getBalance(of).toBigInt()
  }

  /** What the work gives an account, besides the fee that it pays. */
  async gain (of: Account, paysFee: boolean, work: () => Promise<unknown>): Promise<bigint> {
    const before = this.balance(of)
    await work()
    return this.balance(of) - before + (paysFee ? FEE : 0n)
  }

  get slot (): number {
    return Number(this.chain.getNetworkState().globalSlotSinceGenesis.toBigint())
  }
}

/** One that o1js would make anew in each process, in seconds. */
function takeDummy (update: AccountUpdate): void {
  update.lazyAuthorization = undefined
  update.authorization = { proof: DUMMY_PROOF }
}

const signer = new Client({ network: 'mainnet' })

/** As mina-signer signs it outside. */
export function claimOn (channel: TestChannel, amount: bigint, by: Partial<SignedOver> = {}): ClaimArguments {
  const { key = channel.payer.key, domain = channel.domain, address = channel.account } = by
  const fields = claimFields(address, domain, UInt64.from(amount), Field(1)).map(field => field.toBigInt())
  return [UInt64.from(amount), Field(1), Signature.fromBase58(signer.signFields(fields, key.toBase58()).signature)]
}

/** @returns the message of the error. Throws when there is none */
export async function refusal (work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  throw new Error('it was taken')
}
