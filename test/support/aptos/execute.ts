/** Runs one transaction: what the VM's prologue refuses, what an entry function does or aborts with, and what gas costs. */
import { fromBcs } from './arguments.js'
import { BcsError, short } from './bcs.js'
import { entryOf, type Execution } from './functions.js'
import { View, type Reading } from './ledger.js'
import { explained } from './module-errors.js'
import { Abort } from './rules.js'
import { authenticationKeyOf, isSigned, type Transaction } from './transaction.js'
import { APT, balanceOf, burn, primaryStoreOf } from './tokens.js'

/** Of the VM, by the numbers of move-core-types, vm_status.rs. */
export const VM_CODES = {
  INVALID_SIGNATURE: 1,
  INVALID_AUTH_KEY: 2,
  SEQUENCE_NUMBER_TOO_OLD: 3,
  SEQUENCE_NUMBER_TOO_NEW: 4,
  INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE: 5,
  TRANSACTION_EXPIRED: 6,
  SENDING_ACCOUNT_DOES_NOT_EXIST: 7,
  MAX_GAS_UNITS_EXCEEDS_MAX_GAS_UNITS_BOUND: 13,
  MAX_GAS_UNITS_BELOW_MIN_TRANSACTION_GAS_UNITS: 14,
  GAS_UNIT_PRICE_BELOW_MIN_BOUND: 15,
  BAD_CHAIN_ID: 23
} as const

export type VmCode = keyof typeof VM_CODES

const MIN_GAS_PRICE = 100n
const MAX_GAS_UNITS = 2_000_000n
/** Units of any transaction. */
const BASE_GAS = 3n
const OUT_OF_GAS = 'Out of gas'
const EXECUTED = 'Executed successfully'

/** What is around all transactions of a block. */
export interface Surroundings {
  readonly chainId: number
  /** Seconds. */
  readonly now: bigint
}

export interface Event {
  readonly type: string
  readonly data: object
}

export interface Outcome {
  readonly success: boolean
  readonly vmStatus: string
  readonly gasUsed: bigint
  readonly events: readonly Event[]
  /** What it changes, gas and sequence number included. */
  readonly changes: View
}

/** Why the VM discards a transaction. It leaves nothing then. The order is that of transaction_validation.move. */
export function prologueFaultOf (tx: Transaction, state: Reading, { chainId, now }: Surroundings): VmCode | undefined {
  if (tx.maxGas > MAX_GAS_UNITS) return 'MAX_GAS_UNITS_EXCEEDS_MAX_GAS_UNITS_BOUND'
  if (tx.maxGas < BASE_GAS) return 'MAX_GAS_UNITS_BELOW_MIN_TRANSACTION_GAS_UNITS'
  if (tx.gasPrice < MIN_GAS_PRICE) return 'GAS_UNIT_PRICE_BELOW_MIN_BOUND'
  if (now >= tx.expiration) return 'TRANSACTION_EXPIRED'
  if (tx.chainId !== chainId) return 'BAD_CHAIN_ID'
  const account = state.get('account', tx.sender)
  if (account === undefined) return 'SENDING_ACCOUNT_DOES_NOT_EXIST'
  if (authenticationKeyOf(tx.publicKey) !== account.authenticationKey) return 'INVALID_AUTH_KEY'
  if (tx.sequence < account.sequence) return 'SEQUENCE_NUMBER_TOO_OLD'
  if (balanceOf(state, tx.sender, APT) < tx.maxGas * tx.gasPrice) return 'INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE'
  return undefined
}

/** The same, and that it is signed. */
export function admissionFaultOf (tx: Transaction, state: Reading, surroundings: Surroundings): VmCode | undefined {
  return isSigned(tx) ? prologueFaultOf(tx, state, surroundings) : 'INVALID_SIGNATURE'
}

/**
 * Runs a transaction that nothing refuses. One that aborts keeps its gas and its sequence number.
 *
 * @param forcedAbort it aborts with this status, whatever it does
 */
export function execute (tx: Transaction, state: Reading, surroundings: Surroundings, forcedAbort?: string): Outcome {
  const view = new View(state)
  const events: Event[] = []
  const { address, module } = tx.call
  const execution: Execution = {
    view, sender: tx.sender, code: address, hash: tx.hash, ...surroundings,
    emit: (name, data) => { events.push({ type: `${short(address)}::${module}::${name}`, data }) }
  }
  const entry = entryOf(state, tx.call)
  const gas = BASE_GAS + (entry?.gas ?? 0n)
  const fault = gas > tx.maxGas ? OUT_OF_GAS : forcedAbort ?? faultOf(() => {
    if (entry === undefined) throw new Error('LINKER_ERROR')
    entry.run(execution, fromBcs(entry.parameters, tx.call.typeArguments, tx.call.args))
  }, address)
  const gasUsed = gas > tx.maxGas ? tx.maxGas : gas
  const cannotPay = fault === undefined && balanceOf(view, tx.sender, APT) < gasUsed * tx.gasPrice
  const vmStatus = cannotPay ? 'Move abort in 0x1::transaction_validation: EOUT_OF_GAS(0x6): ' : fault ?? EXECUTED
  const success = vmStatus === EXECUTED
  const changes = new View(state)
  if (success) changes.take(view)
  burn(changes, primaryStoreOf(tx.sender, APT), APT, gasUsed * tx.gasPrice)
  const account = state.get('account', tx.sender)
  if (account === undefined) throw new Error(`${tx.sender} has no account`)
  changes.set('account', tx.sender, { ...account, sequence: account.sequence + 1n })
  const fee = { type: '0x1::transaction_fee::FeeStatement', data: { total_charge_gas_units: String(gasUsed) } }
  return { success, vmStatus, gasUsed, changes, events: success ? [...events, fee] : [fee] }
}

/** How a call ends, in the words of a transaction's status; undefined when it ends well. */
export function faultOf (call: () => void, code: string): string | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    if (error instanceof Abort) return explained(error, code)
    if (error instanceof BcsError) return `Execution failed with status: FAILED_TO_DESERIALIZE_ARGUMENT (${error.message})`
    if (error instanceof Error && /^[A-Z_]+$/.test(error.message)) return error.message
    throw error
  }
}
