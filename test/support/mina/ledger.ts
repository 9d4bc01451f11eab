/**
 * The accounts of the stand-in: o1js's local chain, which applies zkApp commands by the rules of the real ledger, compiled from its
 * sources.
 */
import { Mina, PublicKey, Types, UInt32 } from 'o1js'
import type { ZkappCommand } from './types.js'

/** An account as o1js writes it. */
export type AccountJson = ReturnType<typeof Types.Account.toJSON>

/** What became of a command: in a block, also when it failed there and only cost its fee; or not fit for this block at all. */
export type Outcome =
  | { kind: 'applied' }
  | { kind: 'failed', failures: string[][] }
  | { kind: 'unfit', reason: string }

type LocalChain = Awaited<ReturnType<typeof Mina.LocalBlockchain>>

export class ChainLedger {
  private constructor (private readonly chain: LocalChain) {}

  /** @param accounts that exist from the beginning, with nanomina */
  static async create (accounts: ReadonlyMap<string, bigint>): Promise<ChainLedger> {
    const ledger = new ChainLedger(await Mina.LocalBlockchain({ proofsEnabled: false }))
    for (const [address, balance] of accounts) ledger.add(address, balance)
    return ledger
  }

  /** Creates an account out of nothing. */
  add (address: string, balance: bigint): void {
    this.chain.addAccount(PublicKey.fromBase58(address), balance.toString())
  }

  /** The real ledger's code checks all signatures again. It takes the fee and the nonce of a command that fails, as in a real block. */
  apply (command: ZkappCommand, { slot, height }: { slot: number, height: number }): Outcome {
    this.chain.setGlobalSlot(slot)
    this.chain.setBlockchainLength(UInt32.from(height))
    try {
      this.chain.applyJsonTransaction(JSON.stringify(command))
      return { kind: 'applied' }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      const failures = failuresIn(text)
      return failures === undefined ? { kind: 'unfit', reason: text } : { kind: 'failed', failures }
    }
  }

  account (address: string): AccountJson | undefined {
    const key = PublicKey.fromBase58(address)
    return this.chain.hasAccount(key) ? Types.Account.toJSON(this.chain.getAccount(key)) : undefined
  }
}

/** The ledger throws a list per update, the fee payer's first: `[[],[["Overflow"]],[["Cancelled"]]]`. */
function failuresIn (text: string): string[][] | undefined {
  try {
    return (JSON.parse(text) as Array<Array<[string, number?]>>).map(each => each.map(nameOf))
  } catch {
    return undefined
  }
}

/** As a daemon writes failures that have a number: `Account_app_state_4_precondition_unsatisfied`. */
function nameOf ([name, number]: [string, number?]): string {
  return number === undefined ? name : name.replace('_precondition', `_${number}_precondition`)
}
