/** Transactions and resources as a node writes them in JSON (api/types/src/transaction.rs): u64 as decimal digits, bytes as hexadecimal. */
import { hexOf, short } from './bcs.js'
import type { Committed } from './chain.js'
import type { Event, Outcome } from './execute.js'
import type { Package, Reading } from './ledger.js'
import { fromBcs, type Parameter } from './arguments.js'
import { entryOf } from './functions.js'
import type { Transaction } from './transaction.js'

const NO_HASH = `0x${'0'.repeat(64)}`

export function requestJson (tx: Transaction, state: Reading): object {
  return {
    sender: short(tx.sender),
    sequence_number: String(tx.sequence),
    max_gas_amount: String(tx.maxGas),
    gas_unit_price: String(tx.gasPrice),
    expiration_timestamp_secs: String(tx.expiration),
    payload: {
      type: 'entry_function_payload',
      function: `${short(tx.call.address)}::${tx.call.module}::${tx.call.name}`,
      type_arguments: tx.call.typeArguments,
      arguments: argumentsJson(tx, state)
    },
    signature: { type: 'ed25519_signature', public_key: hexOf(tx.publicKey), signature: hexOf(tx.signature) }
  }
}

/** By the types of the parameters, where the function is known. */
function argumentsJson ({ call }: Transaction, state: Reading): unknown[] {
  const parameters = entryOf(state, call)?.parameters
  try {
    if (parameters === undefined) throw new Error('unknown')
    const args = fromBcs(parameters, call.typeArguments, call.args)
    return parameters.map((parameter, index) => argumentJson(parameter, args, index))
  } catch {
    return call.args.map(hexOf)
  }
}

function argumentJson (parameter: Parameter, args: ReturnType<typeof fromBcs>, index: number): unknown {
  switch (parameter) {
  case 'address': return short(args.address(index))
  case 'object': return { inner: short(args.address(index)) }
  case 'u64': return String(args.u64(index))
  case 'vector<u8>': return hexOf(args.bytes(index))
  case 'vector<address>': return args.addresses(index).map(short)
  case 'vector<vector<u8>>': return args.chunks(index).map(hexOf)
  }
}

export function pendingJson (tx: Transaction, state: Reading): object {
  return { type: 'pending_transaction', hash: tx.hash, ...requestJson(tx, state) }
}

export function committedJson ({ tx, outcome, version, timestamp }: Committed, state: Reading): object {
  return { type: 'user_transaction', version: String(version), hash: tx.hash, ...outcomeJson(outcome), ...requestJson(tx, state), timestamp: String(timestamp) }
}

function outcomeJson ({ success, vmStatus, gasUsed, events }: Outcome): object {
  return {
    state_change_hash: NO_HASH,
    event_root_hash: NO_HASH,
    state_checkpoint_hash: null,
    accumulator_root_hash: NO_HASH,
    gas_used: String(gasUsed),
    success,
    vm_status: vmStatus,
    changes: [],
    events: events.map(eventJson)
  }
}

/** Module events have no stream, so their key is all zeros (event.move). */
function eventJson ({ type, data }: Event): object {
  return { guid: { creation_number: '0', account_address: '0x0' }, sequence_number: '0', type, data }
}

export function simulatedJson (tx: Transaction, outcome: Outcome, version: number, timestamp: bigint, state: Reading): object {
  return committedJson({ tx, outcome, version, timestamp }, state)
}

/** `0x1::code::PackageRegistry`. */
export function registryJson (packages: readonly Package[]): object {
  return {
    packages: packages.map(({ name, policy, upgradeNumber, modules }) => ({
      name,
      upgrade_policy: { policy },
      upgrade_number: String(upgradeNumber),
      source_digest: '',
      manifest: '0x',
      modules: modules.map(module => ({ name: module, source: '0x', source_map: '0x', extension: { vec: [] } })),
      deps: [],
      extension: { vec: [] }
    }))
  }
}
