/** What a node of Solana answers whose view stands still: accounts, heights and fates as they were when that began. */
import type { RpcAnswer, RpcProxy, RpcRequest } from '../evm/rpc-proxy.js'
import { recordOf } from '../../../plugins/lib/rpc/json-rpc.js'

type Ask = Parameters<RpcProxy['behaviour']>[1]

interface View {
  slot: number
  height: number
  accounts: Map<string, unknown>
}

const NOT_REACHED = { code: -32016, message: 'Minimum context slot has not been reached' }

export class StaleNode {
  /** That were asked for so far: what stood in others, nobody has seen. */
  readonly #addresses = new Set<string>()
  #view: Promise<View> | undefined

  /** From the next question on. */
  standStill (): void {
    this.#view = undefined
    this.#isStale = true
  }

  goOn (): void {
    this.#isStale = false
  }

  #isStale = false

  readonly behaviour = async (request: RpcRequest, ask: Ask): Promise<RpcAnswer> => {
    if (request.method === 'getMultipleAccounts') for (const address of request.params[0] as string[]) this.#addresses.add(address)
    if (!this.#isStale) return await ask(request)
    const { slot, height, accounts } = await (this.#view ??= this.#look(ask))
    const isKnown = (value: unknown): boolean => Number(recordOf(value).slot) <= slot
    switch (request.method) {
    case 'getSlot': return { result: slot }
    case 'getBlockHeight': return { result: height }
    case 'getMultipleAccounts': {
      const [addresses, options] = request.params as [string[], unknown]
      if (Number(recordOf(options).minContextSlot ?? 0) > slot) return { error: NOT_REACHED }
      return { result: { context: { slot }, value: addresses.map(address => accounts.get(address) ?? null) } }
    }
    case 'getSignatureStatuses': {
      const answer = await ask(request)
      if (!('result' in answer)) return answer
      const value = recordOf(answer.result).value as unknown[]
      return { result: { context: { slot }, value: value.map(status => isKnown(status) ? status : null) } }
    }
    case 'getSignaturesForAddress': {
      const answer = await ask(request)
      return 'result' in answer ? { result: (answer.result as unknown[]).filter(isKnown) } : answer
    }
    default: return await ask(request)
    }
  }

  async #look (ask: Ask): Promise<View> {
    const addresses = [...this.#addresses]
    const options = { encoding: 'base64', commitment: 'confirmed' }
    const height = await ask({ id: 1, method: 'getBlockHeight', params: [{ commitment: 'confirmed' }] })
    const answer = await ask({ id: 1, method: 'getMultipleAccounts', params: [addresses, options] })
    if (!('result' in answer) || !('result' in height)) throw new Error('the node does not answer')
    const { context, value } = recordOf(answer.result)
    return {
      slot: Number(recordOf(context).slot),
      height: Number(height.result),
      accounts: new Map(addresses.map((address, i) => [address, (value as unknown[])[i]]))
    }
  }
}
