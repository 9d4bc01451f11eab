/** What is offered for a transaction: by EIP-1559 where blocks have a base fee, else a gas price. */
import { quantity, type Head, type Rpc } from './rpc.js'
import { RpcError } from './rpc.js'

export type Fees = { maxFeePerGas: bigint, maxPriorityFeePerGas: bigint } | { gasPrice: bigint }

/** Room for base fees that rise (by an eighth per block at most) until the transaction is in. Only what is needed is paid. */
const BASE_FEE_ROOM = 2n
/** Nodes replace a transaction for a tenth more; this is more than that with what they round. */
const RAISE_PERCENT = 125n
const PERCENT = 100n
/** Where the node does not say what others tip, in wei. */
const DEFAULT_TIP = 1_000_000n
/** Estimates hold for the state of now. */
const GAS_MARGIN_PERCENT = 125n

/** @param head the latest block */
export async function currentFees (rpc: Rpc, head: Head): Promise<Fees> {
  if (head.baseFee === undefined) return { gasPrice: await rpc.quantity('eth_gasPrice') }
  const tip = await rpc.quantity('eth_maxPriorityFeePerGas').catch((error: unknown) => {
    if (error instanceof RpcError) return DEFAULT_TIP // not all nodes know this method
    throw error
  })
  return { maxFeePerGas: head.baseFee * BASE_FEE_ROOM + tip, maxPriorityFeePerGas: tip }
}

/** What gas costs most likely, in wei. */
export async function gasPrice (rpc: Rpc, head: Head): Promise<bigint> {
  const fees = await currentFees(rpc, head)
  return 'gasPrice' in fees ? fees.gasPrice : (head.baseFee ?? 0n) + fees.maxPriorityFeePerGas
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
