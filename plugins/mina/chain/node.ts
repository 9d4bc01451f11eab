/** One node of Mina: questions in GraphQL. Answers are read strictly: what is not understood is an error, and never "nothing". */
import { z } from 'zod'
import { NodeClient } from '../../lib/rpc/node-client.js'
import { recordOf } from '../../lib/rpc/json-rpc.js'
import { ChainError } from '../../lib/channels/types.js'
import {
  AccountAnswer, accountOf, BLOCK_FIELDS, BlockAnswer, blockOf, ACCOUNT_FIELDS, InfoAnswer, POOL_QUERY, PoolAnswer, SentAnswer, START_QUERY
} from './queries.js'
import type { Block, ChainAccount } from './queries.js'

/** The node has understood, and refuses. */
export class GraphqlError extends ChainError {}

/** What a node says of its network. */
export interface NetworkInfo {
  /** `mina:devnet`, as the node calls it. */
  networkId: string
  /** Changes with every fork of the network. */
  nodeChainId: string
  slotMs: number
  accountCreationFee: bigint
  /** From this slot on no transactions are taken. */
  stopSlot: number | undefined
}

/** The newest blocks, the oldest first, and accounts as of the last of them. */
export interface Look {
  isSynced: boolean
  nodeChainId: string
  blocks: Block[]
  accounts: Map<string, ChainAccount | undefined>
}

const ACCOUNTS_AT_ONCE = 50
/** The tip moves every few minutes, so it moves between two questions now and then. */
const TRIES_AT_A_TIP = 5
const TEXT_MAX = 300

export class MinaNode extends NodeClient {
  async info (): Promise<NetworkInfo> {
    const answer = await this.#ask('its network', START_QUERY, InfoAnswer)
    const { networkID, daemonStatus: { chainId, consensusConfiguration }, genesisConstants, runtimeConfig } = answer
    return {
      networkId: networkID,
      nodeChainId: chainId,
      slotMs: consensusConfiguration.slotDuration,
      accountCreationFee: genesisConstants === null ? 1_000_000_000n : BigInt(genesisConstants.accountCreationFee),
      stopSlot: stopSlotIn(runtimeConfig)
    }
  }

  /** Rejects while the tip moves too often to see accounts and blocks of one moment. */
  async look (addresses: readonly string[], blocks: number): Promise<Look> {
    for (let tries = 0; tries < TRIES_AT_A_TIP; tries++) {
      const found = await this.#lookOnce(addresses, blocks)
      if (found !== undefined) return found
    }
    throw this.unreachable('the accounts at its tip', 'its tip moves all the time')
  }

  async #lookOnce (addresses: readonly string[], maxLength: number): Promise<Look | undefined> {
    const accounts = new Map<string, ChainAccount | undefined>()
    let first: { isSynced: boolean, nodeChainId: string, blocks: Block[] } | undefined
    for (let i = 0; i === 0 || i < addresses.length; i += ACCOUNTS_AT_ONCE) {
      const some = addresses.slice(i, i + ACCOUNTS_AT_ONCE)
      const asked = some.map((address, n) => `a${n}: account(publicKey: "${address}") { ${ACCOUNT_FIELDS} }`).join('\n')
      const query = `query { syncStatus daemonStatus { chainId } blocks: bestChain(maxLength: ${first === undefined ? maxLength : 1}) { ${BLOCK_FIELDS} }
        ${asked}
        after: bestChain(maxLength: 1) { stateHash } }`
      const answer = await this.#ask('blocks and accounts', query, LookAnswer)
      const found = answer.blocks.map(blockOf)
      const tip = found.at(-1)?.hash
      const isSame = tip === answer.after.at(-1)?.stateHash && (first === undefined || first.blocks.at(-1)?.hash === tip)
      if (tip === undefined || !isSame) return undefined
      first ??= { isSynced: answer.syncStatus === 'SYNCED', nodeChainId: answer.daemonStatus.chainId, blocks: found }
      for (const [n, address] of some.entries()) {
        const account = AccountAnswer.nullable().parse(recordOf(answer)[`a${n}`] ?? null)
        accounts.set(address, account === null ? undefined : accountOf(address, account))
      }
    }
    return first === undefined ? undefined : { ...first, accounts }
  }

  /** What zkApp transactions in the pool offer, nanomina. */
  async pooledFees (): Promise<bigint[]> {
    const { pooledZkappCommands } = await this.#ask('its pool', POOL_QUERY, PoolAnswer)
    return pooledZkappCommands.map(({ zkappCommand }) => BigInt(zkappCommand.feePayer.body.fee))
  }

  /** Resolves to the hash. Rejects with GraphqlError when the node refuses it. */
  async sendPayment (input: Record<string, string>, signature: { field: string, scalar: string }): Promise<string> {
    const query = 'mutation ($input: SendPaymentInput!, $signature: SignatureInput) { sendPayment(input: $input, signature: $signature) { payment { hash } } }'
    const { sendPayment } = await this.#ask('a payment', query, SentAnswer, { input, signature })
    return sendPayment?.payment?.hash ?? ''
  }

  /** Resolves to the hash. Rejects with GraphqlError when the node refuses it. */
  async sendZkapp (zkappCommand: unknown): Promise<string> {
    const query = 'mutation ($input: SendZkappInput!) { sendZkapp(input: $input) { zkapp { hash } } }'
    const { sendZkapp } = await this.#ask('a zkApp transaction', query, SentAnswer, { input: { zkappCommand } })
    return sendZkapp?.zkapp?.hash ?? ''
  }

  async #ask<T> (what: string, query: string, schema: z.ZodType<T>, variables: Record<string, unknown> = {}): Promise<T> {
    const isSent = query.startsWith('mutation')
    const once = async (): Promise<T> => {
      const { data, errors } = recordOf(await this.post(what, JSON.stringify({ query, variables })))
      if (Array.isArray(errors) && errors.length > 0) {
        const texts = errors.map(error => String(recordOf(error).message)).join('; ')
        throw new GraphqlError(`the node at ${this.host} refuses ${what}: ${texts.slice(0, TEXT_MAX)}`, false)
      }
      const read = schema.safeParse(data)
      if (!read.success) throw this.unreachable(what, `what it says is not understood: ${z.prettifyError(read.error).slice(0, TEXT_MAX)}`)
      return read.data
    }
    // What may have arrived is not sent again here: the sender looks first.
    return await this.patiently(once, error => isSent || error instanceof GraphqlError)
  }
}

const LookAnswer = z.looseObject({
  syncStatus: z.string(),
  daemonStatus: z.object({ chainId: z.string() }),
  blocks: z.array(BlockAnswer).min(1),
  after: z.array(z.object({ stateHash: z.string() })).min(1)
})

/** Nodes show the configuration that they were started with: an object, or its text. */
function stopSlotIn (runtimeConfig: unknown): number | undefined {
  let config = runtimeConfig
  if (typeof config === 'string') {
    try {
      config = JSON.parse(config)
    } catch {
      return undefined
    }
  }
  const slot = recordOf(recordOf(config).daemon).slot_tx_end
  return typeof slot === 'number' && Number.isSafeInteger(slot) ? slot : undefined
}
