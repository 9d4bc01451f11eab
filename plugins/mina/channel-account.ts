/**
 * What an account of the chain is as a channel, and why it may be none: anyone who opens an account can give it any state, other code, or
 * permissions under which the money can leave by its key. All of that is looked at before a claim counts, and at every look again.
 */
import { ChainError } from '../lib/channels/types.js'
import type { ChannelState } from '../lib/channels/types.js'
import type { ChainAccount } from './chain/queries.js'
import { FINISHED_REDEEMED, SLACK_NANOMINA } from './contract/terms.js'
import { addressOf } from './formats.js'
import { domainOf } from './hashes.js'
import { isAddress } from './entry-fields.js'

/** What is expected on a chain. */
export interface Expected {
  chainId: string
  codeHash: string
  /** Of the transactions of the chain: under an older one, the account's key could change the code. */
  txnVersion: number
}

export interface Channel {
  address: string
  payer: string
  payee: string
  challengeSlots: number
  /** nanomina, like the amounts after it. */
  balance: bigint
  /** Paid to the payee so far. */
  paid: bigint
  /** Everything that was ever put in, as far as the state shows. */
  deposit: bigint
  isFinished: boolean
  /** 0: open. Else from this slot on the payer can take the rest, if it is not finished. */
  closesAt: number
}

/** Of an account that has no code. */
export const NO_ZKAPP = 'it has no contract'
const IMPOSSIBLE = 'impossible'
const OF_THEIR_OWN: Readonly<Record<string, string>> = { send: 'proof', editState: 'proof', receive: 'none', access: 'none' }
const FINISHED = 1n
const SLOT_BITS = 32n

/** @returns the channel, or why the account is not used as one, in words that fit after "because" */
export function channelIn (account: ChainAccount, expected: Expected): Channel | string {
  const { address, balance, state, codeHash, permissions, txnVersion, isTimed } = account
  if (state === undefined || codeHash === undefined || permissions === undefined) return NO_ZKAPP
  if (codeHash !== expected.codeHash) return `its code is not the channel's. found=${codeHash}`
  for (const [name, value] of Object.entries(permissions)) {
    const wanted = OF_THEIR_OWN[name] ?? IMPOSSIBLE
    if (value !== wanted) return `its permission ${name} is ${value}, not ${wanted}`
  }
  if (txnVersion !== expected.txnVersion) return `its code can be changed by its key: its permission is of transaction version ${String(txnVersion)}, not ${expected.txnVersion}`
  if (isTimed) return 'its balance is timed, so it could not be paid out'
  const [payerX = 0n, payeeX = 0n, terms = 0n, domain, redeemed = 0n, closesAt = 0n, final = 0n, ...spare] = state
  const payer = addressOf({ x: payerX, isOdd: (terms & 1n) === 1n })
  const payee = addressOf({ x: payeeX, isOdd: (terms & 2n) === 2n })
  if (!isAddress(payer) || !isAddress(payee) || payer === payee) return 'its parties are not two accounts'
  if (domain !== domainOf(expected.chainId, address)) return 'claims on it would be for another chain or channel'
  if (terms >> 2n >= 1n << SLOT_BITS || closesAt >= 1n << SLOT_BITS || spare.some(field => field !== 0n)) return 'its state is none of a channel'
  const isFinished = redeemed === FINISHED_REDEEMED
  if (isFinished !== (closesAt === FINISHED) || (!isFinished && final !== 0n)) return 'its state is none of a channel'
  const paid = isFinished ? final : redeemed
  const numbers = { challengeSlots: Number(terms >> 2n), closesAt: Number(closesAt) }
  return { address, payer, payee, balance, paid, deposit: balance + paid, isFinished, ...numbers }
}

interface SeenBy {
  ours: string
  slot: number
  slotMs: number
}

/** Seen by one of its parties. */
export interface View extends SeenBy {
  /** It was over once, and stays so, whatever is paid in. */
  wasOver: boolean
}

/**
 * Whether nothing is left to be done in it. What came into a channel while its payee ended it is the payer's, who takes it out where it is
 * more than what strangers may leave behind.
 */
export function isOver ({ isFinished, closesAt, balance, payer }: Channel, { slot, ours }: Pick<View, 'slot' | 'ours'>): boolean {
  if (isFinished) return ours !== payer || balance <= SLACK_NANOMINA
  return closesAt > 0 && slot >= closesAt && balance === 0n
}

/** @throws ChainError where it is between others */
export function stateOf (channel: Channel, view: View): ChannelState {
  const { ours, slot, slotMs, wasOver } = view
  const { address, payer, payee, deposit, paid, challengeSlots, closesAt } = channel
  if (ours !== payer && ours !== payee) throw new ChainError(`the channel is between others. channelId=${address}`, true)
  const isOurs = ours === payer
  const isSettled = wasOver || isOver(channel, view)
  const paying = { address: payer, deposit: isSettled ? paid : deposit, redeemed: paid, nonce: 0n } // the rest is back with the payer
  const paidOne = { address: payee, deposit: 0n, redeemed: 0n, nonce: 0n }
  const now = Date.now()
  const isClosing = !isSettled && closesAt > 0
  return {
    channelId: address,
    readAtMs: now,
    status: isSettled ? 'settled' : isClosing ? 'closing' : 'open',
    ours: isOurs ? paying : paidOne,
    theirs: isOurs ? paidOne : paying,
    challengeSecs: Math.floor(challengeSlots * slotMs / 1000),
    payer: isOurs ? 'us' : 'them',
    ...isClosing && { settleableAt: now + (closesAt - slot) * slotMs, closedByThem: !isOurs }
  }
}

/** One that was over once, as it was then. @param over nanomina */
export function stateOfOver (
  address: string, { payer, payee }: Pick<Channel, 'payer' | 'payee'>, over: { challengeSlots: number, paid: string }, view: SeenBy
): ChannelState {
  const paid = BigInt(over.paid)
  const { challengeSlots } = over
  const channel = { address, payer, payee, challengeSlots, balance: 0n, paid, deposit: paid, isFinished: true, closesAt: 1 }
  return stateOf(channel, { ...view, wasOver: true })
}
