/** The fee that is offered for a transaction: by EIP-1559 if blocks have a base fee, otherwise as a gas price. */
import { parseEther } from 'ethers'
import { quantity, RpcError, type Head, type Rpc } from './rpc.js'

export type Fees = { maxFeePerGas: bigint, maxPriorityFeePerGas: bigint } | { gasPrice: bigint }

/** Room for base fees that rise (by an eighth per block at most) until the transaction is in. Only what is needed is paid. */
const BASE_FEE_ROOM = 2n
/** Most nodes replace a transaction for a tenth more. Where it takes more, the next offers reach it. */
const RAISE_PERCENT = 125n
const PERCENT = 100n
/** A transaction that is not mined offers more and more, up to so many times what the node says is asked: that may be too low. */
const MOST_TIMES_MARKET = 16n
/** Where the node says in no way what others tip, in wei. */
const DEFAULT_TIP = 1_000_000n
/** How geth and its kin refuse a transaction that may cost more than their operator allows (`--rpc.txfeecap`). */
const CAP = /exceeds the configured cap(?: \((\d{1,9}(?:\.\d{1,18})?) ether\))?/i
/** Estimates hold for the state of now. */
const GAS_MARGIN_PERCENT = 125n

/** @param head the latest block */
export async function currentFees (rpc: Rpc, head: Head): Promise<Fees> {
  if (head.baseFee === undefined) return { gasPrice: await rpc.quantity('eth_gasPrice') }
  const tip = await currentTip(rpc, head.baseFee)
  return { maxFeePerGas: head.baseFee * BASE_FEE_ROOM + tip, maxPriorityFeePerGas: tip }
}

/** Not all nodes know eth_maxPriorityFeePerGas; what they name as gas price is the base fee and a tip. */
async function currentTip (rpc: Rpc, baseFee: bigint): Promise<bigint> {
  const ifKnown = async (method: string): Promise<bigint | undefined> => await rpc.quantity(method).catch((error: unknown) => {
    if (error instanceof RpcError) return undefined
    throw error
  })
  const tip = await ifKnown('eth_maxPriorityFeePerGas')
  if (tip !== undefined) return tip
  const price = await ifKnown('eth_gasPrice') ?? 0n
  return price > baseFee ? price - baseFee : DEFAULT_TIP
}

/** What gas costs most likely, in wei. */
export async function gasPrice (rpc: Rpc, head: Head): Promise<bigint> {
  const fees = await currentFees(rpc, head)
  return 'gasPrice' in fees ? fees.gasPrice : (head.baseFee ?? 0n) + fees.maxPriorityFeePerGas
}

/** What a unit of gas costs at most. */
export function priceOf (fees: Fees): bigint {
  return 'gasPrice' in fees ? fees.gasPrice : fees.maxFeePerGas
}

function tipOf (fees: Fees): bigint {
  return 'gasPrice' in fees ? fees.gasPrice : fees.maxPriorityFeePerGas
}

/**
 * The most that the node lets a transaction cost, in wei, from its refusal of one that costs `cost`. Undefined if it refused for another
 * reason.
 */
export function capIn (refusal: string, cost: bigint): bigint | undefined {
  const found = CAP.exec(refusal)
  if (found === null) return undefined
  const cap = found[1] === undefined ? cost : parseEther(found[1])
  return cap < cost ? cap : cost / 2n // what it says is rounded
}

/** Offers no more than `most` for a unit of gas. */
export function limited (fees: Fees, most: bigint): Fees {
  const least = (value: bigint): bigint => value < most ? value : most
  if ('gasPrice' in fees) return { gasPrice: least(fees.gasPrice) }
  return { maxFeePerGas: least(fees.maxFeePerGas), maxPriorityFeePerGas: least(fees.maxPriorityFeePerGas) }
}

/**
 * What to offer in place of `old`, which is not mined. Undefined: nothing else, because it is far above what is asked, or cannot be raised
 * by enough to replace it.
 * @param now what is asked
 * @param cap the most for a unit of gas that the node takes: an offer above it has not been taken
 * @param funds the most that we can pay
 */
export function nextOffer (old: Fees, now: Fees, cap: bigint, funds: bigint): Fees | undefined {
  if (priceOf(old) > cap) return limited(now, cap)
  if (priceOf(old) >= priceOf(now) * MOST_TIMES_MARKET && tipOf(old) >= tipOf(now) * MOST_TIMES_MARKET) return undefined
  const offer = raised(old, now)
  const most = cap < funds ? cap : funds
  if (priceOf(offer) <= most) return offer
  return priceOf(old) * RAISE_PERCENT / PERCENT < most && tipOf(offer) <= most ? limited(offer, most) : undefined
}

/** Enough to replace a transaction that offers `old`, and no less than what is offered now. */
export function raised (old: Fees, now: Fees): Fees {
  if ('gasPrice' in old || 'gasPrice' in now) {
    return { gasPrice: raise('gasPrice' in old ? old.gasPrice : old.maxFeePerGas, 'gasPrice' in now ? now.gasPrice : now.maxFeePerGas) }
  }
  return {
    maxFeePerGas: raise(old.maxFeePerGas, now.maxFeePerGas),
    maxPriorityFeePerGas: raise(old.maxPriorityFeePerGas, now.maxPriorityFeePerGas)
  }
}

function raise (old: bigint, now: bigint): bigint {
  const least = old * RAISE_PERCENT / PERCENT + 1n
  return now > least ? now : least
}

/** What a call needs, with some room. Rejects with RpcError when it would revert. */
export async function gasFor (rpc: Rpc, from: string, call: { to: string, data: string }): Promise<bigint> {
  return await rpc.quantity('eth_estimateGas', { from, ...call, value: quantity(0) }) * GAS_MARGIN_PERCENT / PERCENT
}
