/** The chain of the stand-in: blocks on command or by a timer, slots, reorganizations, and the state of each account at each height. */
import { createHash } from 'node:crypto'
import { PrivateKey } from 'o1js'
import { ChainLedger, type AccountJson } from './ledger.js'
import { Pool, type Refusal } from './pool.js'
import { movementOf } from './payments.js'
import { MAX_SLOT, type Command, type Included, type ZkappCommand } from './types.js'

/** `zkapp_cmd_limit` of a daemon, and the most commands of any kind in a block (`transaction_capacity_log_2` of 7). */
const ZKAPPS_PER_BLOCK = 24
const COMMANDS_PER_BLOCK = 128
const FAUCET_NANOMINA = 10n ** 17n
const FAUCET_FEE = 100_000_000n
/** Without commands: then a chain that follows a clock rests, */
const RESTING_BLOCKS = 3
/** for so long. */
const RESTING_MS = 60_000

interface Place {
  readonly slot: number
  readonly height: number
}

export interface Block {
  readonly height: number
  readonly slot: number
  /** When it was made. */
  readonly madeMs: number
  readonly stateHash: string
  readonly previousStateHash: string
  readonly commands: readonly Included[]
}

export interface ReorgOptions {
  /** Commands of the blocks that go are forgotten, instead of waiting for a block again. */
  loses?: boolean
  /** How much longer the new branch is. */
  longer?: number
}

export class Network {
  readonly pool = new Pool()
  readonly blocks: Block[]
  /** From this slot on neither the pool nor a block takes anything. */
  slotTxEnd: number | undefined
  slotChainEnd: number | undefined
  /** Blocks stay empty: they are full of commands of others. */
  crowded = false
  /** What the daemon calls the chain; a hard fork changes it. */
  chainId = hashOf('chain')
  /** Proofs of contracts from before a hard fork are worth nothing. */
  refusesProofs = false
  slotsPerBlock = 1
  /** When blocks are made, ms since the epoch: by the clock of a test, where it has one of its own. */
  nowMs: number | undefined
  private ledger: ChainLedger
  private readonly faucet = PrivateKey.random()
  private readonly genesis = new Map<string, bigint>([[this.faucet.toPublicKey().toBase58(), FAUCET_NANOMINA]])
  /** Private keys by address: payments of these accounts can be carried out, see payments.ts. */
  private readonly keys = new Map<string, string>()
  private readonly history = new Map<string, Array<{ height: number, account: AccountJson }>>()
  private made = 0

  private constructor (ledger: ChainLedger) {
    this.ledger = ledger
    this.blocks = [this.block(1, 0, '3NKgenesis', [])]
  }

  static async create (): Promise<Network> {
    const network = new Network(await ChainLedger.create(new Map()))
    for (const [address, balance] of network.genesis) network.ledger.add(address, balance)
    return network
  }

  get tip (): Block {
    const tip = this.blocks.at(-1)
    if (tip === undefined) throw new Error('a chain has its first block')
    return tip
  }

  /** A key that payments of its account are carried out with: see payments.ts. */
  addKey (privateKey: string): string {
    const address = PrivateKey.fromBase58(privateKey).toPublicKey().toBase58()
    this.keys.set(address, privateKey)
    return address
  }

  canPay (address: string): boolean {
    return this.keys.has(address)
  }

  /**
   * A new account has had the money since the beginning, so a reorganization does not take it; an old one gets it in a block of its own.
   */
  fund (address: string, amount: bigint): void {
    if (this.account(address) === undefined) {
      this.genesis.set(address, amount)
      this.ledger.add(address, amount)
      this.remember(address, this.blocks[0]?.height ?? 1)
      return
    }
    const from = this.faucet.toPublicKey().toBase58()
    const nonce = Number(this.ledger.account(from)?.nonce ?? 0)
    const payment = { from, to: address, amount, fee: FAUCET_FEE, nonce, validUntil: MAX_SLOT, memo: '' }
    const command: Command = { kind: 'payment', hash: hashOf(`fund ${address} ${nonce}`), sender: from, fee: FAUCET_FEE, nonce, validUntil: MAX_SLOT, consumed: amount + FAUCET_FEE, payment }
    this.append(this.tip.slot + this.slotsPerBlock, at => this.includes(command, at))
  }

  account (address: string, height = Infinity): AccountJson | undefined {
    return this.history.get(address)?.findLast(each => each.height <= height)?.account
  }

  submit (command: Command): Refusal | undefined {
    const account = this.account(command.sender)
    const sender = account === undefined ? undefined : { nonce: Number(account.nonce), balance: BigInt(account.balance) }
    return this.pool.add(command, sender, this.tip.slot, this.slotTxEnd)
  }

  /**
   * Goes by the clock of a test. Makes a block where something waits for one, where one of the newest has something in it, or where the
   * newest is of another time.
   */
  follow (nowMs: number): void {
    this.nowMs = nowMs
    const isQuiet = this.pool.waiting().length === 0 && this.blocks.slice(-RESTING_BLOCKS).every(({ commands }) => commands.length === 0)
    if (!isQuiet || Math.abs(nowMs - this.tip.madeMs) > RESTING_MS) this.make(this.tip.slot + this.slotsPerBlock)
  }

  /** The accounts that zkApp commands have named above a height. */
  called (above: number): string[] {
    const included = this.blocks.filter(({ height }) => height > above).flatMap(({ commands }) => commands)
    return [...new Set(included.filter(({ command }) => command.kind === 'zkapp').flatMap(addressesOf))]
  }

  /** @param slot of the block; later than the last one's */
  make (slot: number): Block {
    if (slot <= this.tip.slot) throw new Error(`slot ${slot} is over: the last block has ${this.tip.slot}`)
    const nonceOf = (sender: string): number | undefined => {
      const account = this.ledger.account(sender)
      return account === undefined ? undefined : Number(account.nonce)
    }
    this.pool.dropStale(slot, nonceOf)
    const takes = !this.crowded && (this.slotTxEnd === undefined || slot < this.slotTxEnd)
    return this.append(slot, at => takes ? this.fill(at, nonceOf) : [])
  }

  /** The last blocks go, and as many and more come instead, without commands. */
  async reorg (depth: number, { loses = false, longer = 1 }: ReorgOptions = {}): Promise<void> {
    if (depth >= this.blocks.length) throw new Error(`there are only ${this.blocks.length - 1} blocks above the first`)
    const gone = this.blocks.splice(this.blocks.length - depth)
    this.ledger = await ChainLedger.create(this.genesis)
    for (const block of this.blocks) for (const { ledgerForm } of block.commands) this.ledger.apply(ledgerForm, block)
    for (const [address, states] of this.history) this.history.set(address, states.filter(({ height }) => height <= this.tip.height))
    const waiting = this.pool.waiting()
    this.pool.clear()
    for (let i = 1; i <= depth + longer; i++) {
      this.blocks.push(this.block(this.tip.height + 1, this.tip.slot + this.slotsPerBlock, this.tip.stateHash, []))
    }
    const again = loses ? waiting : [...gone.flatMap(({ commands }) => commands.map(({ command }) => command)), ...waiting]
    for (const command of again) this.submit(command)
  }

  private append (slot: number, fill: (at: Place) => Included[]): Block {
    const height = this.tip.height + 1
    const included = fill({ slot, height })
    const block = this.block(height, slot, this.tip.stateHash, included)
    this.blocks.push(block)
    for (const address of new Set(included.flatMap(addressesOf))) this.remember(address, height)
    return block
  }

  private fill (at: Place, nonceOf: (sender: string) => number | undefined): Included[] {
    const included: Included[] = []
    let zkapps = 0
    while (included.length < COMMANDS_PER_BLOCK) {
      const command = this.pool.heads(nonceOf).find(({ kind }) => kind === 'payment' || zkapps < ZKAPPS_PER_BLOCK)
      if (command === undefined) break
      const [done] = this.includes(command, at)
      this.pool.remove(command, done === undefined)
      if (done === undefined) continue
      included.push(done)
      if (command.kind === 'zkapp') zkapps++
    }
    return included
  }

  /** @returns nothing if the ledger takes no fee for it, as for a wrong nonce */
  private includes (command: Command, at: Place): Included[] {
    const ledgerForm = this.ledgerFormOf(command)
    const outcome = this.ledger.apply(ledgerForm, at)
    if (outcome.kind === 'unfit') return []
    return [{ command, ledgerForm, failures: outcome.kind === 'failed' ? outcome.failures : undefined }]
  }

  private ledgerFormOf (command: Command): ZkappCommand {
    if (command.kind === 'zkapp') return command.ledgerForm
    const { payment } = command
    const key = payment.from === this.faucetAddress() ? this.faucet.toBase58() : this.keys.get(payment.from)
    if (key === undefined) throw new Error(`The stand-in cannot move money of ${payment.from}: fund it by its private key.`)
    return movementOf(payment, key, this.ledger.account(payment.to) === undefined)
  }

  private remember (address: string, height: number): void {
    const account = this.ledger.account(address)
    if (account === undefined) return
    const states = this.history.get(address) ?? []
    this.history.set(address, [...states, { height, account }])
  }

  private block (height: number, slot: number, previousStateHash: string, commands: readonly Included[]): Block {
    return { height, slot, madeMs: this.nowMs ?? Date.now(), stateHash: `3NK${hashOf(`block ${this.made++} ${this.faucetAddress()}`).slice(0, 49)}`, previousStateHash, commands }
  }

  private faucetAddress (): string {
    return this.faucet.toPublicKey().toBase58()
  }
}

/** All accounts that a command names. */
function addressesOf ({ command: { sender }, ledgerForm }: Included): string[] {
  return [sender, ...ledgerForm.accountUpdates.map(({ body }) => body.publicKey)]
}

function hashOf (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
