/** JSON-RPC to an Ethereum node: blocks, numbers, and what contracts revert with. */
import { ChainError } from '../../lib/channels/types.js'
import { JsonRpc, recordOf, RpcError as NodeError } from '../../lib/rpc/json-rpc.js'

export { recordOf }

export interface Head {
  number: number
  hash: string
  /** ms since the epoch. */
  timestampMs: number
  /** Undefined on chains without EIP-1559. */
  baseFee: bigint | undefined
}

/** What the node answered instead of a result. `data` is what a contract reverted with. */
export class RpcError extends NodeError {
  constructor (message: string, code: number, override readonly data: string | undefined) {
    super(message, code, data)
  }
}

/** An address without code, by the node. */
export class NoContractError extends ChainError {
  constructor (host: string, address: string) {
    super(`there is no such contract, or the node at ${host} does not know it yet. address=${address}`, false)
  }
}

export class Rpc extends JsonRpc {
  async head (): Promise<Head> {
    const head = await this.block('latest')
    if (head === undefined) throw new ChainError(`the node at ${this.host} knows no latest block`, false)
    return head
  }

  async block (block: number | 'latest'): Promise<Head | undefined> {
    const found = await this.call('eth_getBlockByNumber', quantity(block), false)
    if (found === null) return undefined
    const { number, hash, timestamp, baseFeePerGas } = recordOf(found)
    return {
      number: Number(number),
      hash: String(hash),
      timestampMs: Number(timestamp) * 1000,
      baseFee: typeof baseFeePerGas === 'string' ? BigInt(baseFeePerGas) : undefined
    }
  }

  /** For what the node answers with a number in hex. */
  async quantity (method: string, ...params: unknown[]): Promise<bigint> {
    const answer = await this.call(method, ...params)
    if (typeof answer !== 'string' || !/^0x[0-9a-f]+$/i.test(answer)) throw new ChainError(`the node at ${this.host} answers ${method} without a number`, false)
    return BigInt(answer)
  }

  protected override refusal (message: string, code: number, data: unknown): RpcError {
    return new RpcError(message, code, revertData(data))
  }
}

/** As the RPC writes numbers. */
export function quantity (value: number | bigint | 'latest' | 'pending'): string {
  return typeof value === 'string' ? value : `0x${value.toString(16)}`
}

/** Nodes put it into `data` of the error, or one level deeper, or behind a word. */
function revertData (data: unknown): string | undefined {
  if (typeof data === 'string') return /0x[0-9a-f]*/i.exec(data)?.[0]
  const inner = recordOf(data).data
  return inner === undefined ? undefined : revertData(inner)
}
