/**
 * The checks that every transaction passes, in rippled's order (Transactor.cpp, applySteps.cpp): what can be said without a ledger, then
 * sequence, LastLedgerSequence, who signed, the fee, and last the transaction's own.
 */
import { deriveAddress } from 'xrpl'
import type { Result } from './codes.js'
import { lsf, type AccountRoot } from './entries.js'
import { ticketIndex } from './hashing.js'
import type { Building } from './rules.js'
import { numberField, textField, type Transaction } from './transaction.js'
import { transactorOf } from './transactors/index.js'
import { accountOf, type ReadView } from './view.js'

/** Networks with a higher id want it in every transaction; the others want it in none. */
const LAST_ID_WITHOUT_FIELD = 1024
const tfFullyCanonicalSig = 0x80000000
/** 10^17 drops: more XRP than there is. */
const MAX_DROPS = 100_000_000_000_000_000n

/** `tem` and `tel`, or success. */
export function preflight (tx: Transaction, ledger: Building): Result {
  const transactor = transactorOf(tx.type)
  if (transactor === undefined) return 'temUNKNOWN'
  if (transactor.isDisabled?.(tx, ledger) === true) return 'temDISABLED'
  const network = networkFault(tx, ledger)
  if (network !== undefined) return network
  if ((tx.flags & ~(transactor.flags | tfFullyCanonicalSig)) !== 0) return 'temINVALID_FLAG'
  if (tx.fee === undefined || tx.fee < 0n || tx.fee > MAX_DROPS) return 'temBAD_FEE'
  if (tx.sequence === 0 && tx.ticket !== undefined && tx.json.AccountTxnID !== undefined) return 'temINVALID'
  return transactor.preflight(tx, ledger)
}

function networkFault ({ json }: Transaction, { networkId }: Building): Result | undefined {
  const named = numberField(json, 'NetworkID')
  if (networkId <= LAST_ID_WITHOUT_FIELD) return named === undefined ? undefined : 'telNETWORK_ID_MAKES_TX_NON_CANONICAL'
  if (named === undefined) return 'telREQUIRES_NETWORK_ID'
  return named === networkId ? undefined : 'telWRONG_NETWORK'
}

/** Anything but success is the answer, unless it is a `tec`: that is applied, and costs the fee. */
export function preclaim (tx: Transaction, view: ReadView, ledger: Building): Result {
  return sequenceFault(tx, view) ?? preclaimWithoutSequence(tx, view, ledger)
}

/** As `preclaim`, for transactions that wait for others of their account. */
export function preclaimWithoutSequence (tx: Transaction, view: ReadView, ledger: Building): Result {
  const account = accountOf(view, tx.account)
  if (account === undefined) return 'terNO_ACCOUNT'
  return priorFault(tx, account, ledger) ?? signerFault(tx, account) ?? feeFault(tx, account, ledger) ??
    transactorOf(tx.type)?.preclaim?.(tx, view, ledger) ?? 'tesSUCCESS'
}

function sequenceFault ({ account, sequence, ticket }: Transaction, view: ReadView): Result | undefined {
  const root = accountOf(view, account)
  if (root === undefined) return 'terNO_ACCOUNT'
  if (sequence !== 0 && ticket !== undefined) return 'temSEQ_AND_TICKET'
  if (ticket === undefined) {
    if (sequence === root.Sequence) return undefined
    return sequence > root.Sequence ? 'terPRE_SEQ' : 'tefPAST_SEQ'
  }
  if (ticket >= root.Sequence) return 'terPRE_TICKET'
  return view.get(ticketIndex(account, ticket)) === undefined ? 'tefNO_TICKET' : undefined
}

function priorFault (tx: Transaction, root: AccountRoot, ledger: Building): Result | undefined {
  const prior = textField(tx.json, 'AccountTxnID')
  if (prior !== undefined && prior !== root.AccountTxnID) return 'tefWRONG_PRIOR'
  if (ledger.index > (tx.lastLedgerSequence ?? Infinity)) return 'tefMAX_LEDGER'
  return ledger.has(tx.hash) ? 'tefALREADY' : undefined
}

function signerFault ({ account, signingKey }: Transaction, root: AccountRoot): Result | undefined {
  const signer = deriveAddress(signingKey)
  if (signer === root.RegularKey) return undefined
  if (signer !== account) return 'tefBAD_AUTH'
  return (root.Flags & lsf.disableMaster) === 0 ? undefined : 'tefMASTER_DISABLED'
}

function feeFault (tx: Transaction, { Balance }: AccountRoot, ledger: Building): Result | undefined {
  const fee = tx.fee ?? 0n
  if (ledger.isOpen && fee < baseFeeOf(tx, ledger) * BigInt(ledger.loadFactor)) return 'telINSUF_FEE_P'
  if (fee <= Balance) return undefined
  return Balance > 0n && !ledger.isOpen ? 'tecINSUFF_FEE' : 'terINSUF_FEE_B'
}

/** What the transaction costs at least without load, in drops. */
export function baseFeeOf (tx: Transaction, ledger: Building): bigint {
  return transactorOf(tx.type)?.baseFee?.(ledger) ?? ledger.fees.base
}
