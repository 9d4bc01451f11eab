/**
 * Reads accounts, for all peers together: what is asked within a moment goes to the node in one call, with the chain's clock. An answer
 * that is older than what was acted on before is none: a node that lags must not make a channel look missing, or a deposit not made.
 */
import { z } from 'zod'
import { pause } from '../../../src/lib/timers.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { ChainError } from '../../lib/channels/types.js'
import { recordOf, RpcError, type JsonRpc } from '../../lib/rpc/json-rpc.js'
import { Progress } from '../../lib/rpc/progress.js'
import type { Moment } from './channel-account.js'

/** `finalized`: for good. `confirmed`: voted for by most of the cluster. */
export type Commitment = 'finalized' | 'confirmed'

export interface RawAccount {
  owner: string
  lamports: bigint
  data: Buffer
}

/** An account as it was at a slot. Undefined: there is none at the address. */
export interface Reading extends Moment {
  account: RawAccount | undefined
}

/** As the RPC writes them with base64. An answer of another form is refused: nothing in it may pass for an account that is missing. */
const Accounts = z.array(z.object({
  owner: z.string(),
  lamports: z.number().min(0).refine(Number.isInteger),
  data: z.tuple([z.string(), z.literal('base64')])
}).nullable())

const CLOCK = 'SysvarC1ock11111111111111111111111111111111'
const CLOCK_BYTES = 40
/** So many accounts are given in one answer; the clock is one of them. */
export const IN_ONE_CALL = 99
const GATHER_MS = 20
/** Behind one URL there may be many nodes, and the next one may be further. */
const TRIES = 4
const TRY_AGAIN_MS = 400
/** What nodes answer that have not reached the slot. */
const NOT_REACHED = -32016

interface Question {
  address: string
  resolve: (reading: Reading) => void
  reject: (error: unknown) => void
}

export class AccountReader {
  readonly #waiting: Record<Commitment, Question[]> = { finalized: [], confirmed: [] }
  /** The newest slots that were acted on. */
  readonly #reached: Record<Commitment, Progress>
  /** Told that a node has lied about a slot: what was read before counts no longer. */
  startedOver: () => void = () => undefined

  /** @param gatherMs how long one question waits for others */
  constructor (private readonly rpc: JsonRpc, log: Logger, private readonly gatherMs = GATHER_MS) {
    const progress = (): Progress =>
      new Progress({ host: rpc.host, unit: 'slot', log, aheadMs: Infinity, startedOver: () => { this.startedOver() } })
    this.#reached = { finalized: progress(), confirmed: progress() }
  }

  /** Something is known of this slot: what is read from now on is not older. */
  reached (commitment: Commitment, slot: number, timeMs = Date.now()): void {
    this.#reached[commitment].reached({ height: BigInt(slot), timeMs })
  }

  /** Rejects with a ChainError that is not final while no node can say. */
  read (address: string, commitment: Commitment): Promise<Reading> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting[commitment]
      waiting.push({ address, resolve, reject })
      if (waiting.length === 1) setTimeout(() => { this.#ask(commitment) }, this.gatherMs)
    })
  }

  #ask (commitment: Commitment): void {
    const questions = this.#waiting[commitment].splice(0)
    const addresses = [...new Set(questions.map(({ address }) => address))]
    for (let from = 0; from < addresses.length; from += IN_ONE_CALL) {
      const part = addresses.slice(from, from + IN_ONE_CALL)
      const asked = questions.filter(({ address }) => part.includes(address))
      this.readAll(part, commitment).then(readings => {
        const found = new Map(part.map((address, i) => [address, readings[i]]))
        for (const { address, resolve } of asked) resolve(found.get(address) as Reading)
      }, (error: unknown) => {
        for (const { reject } of asked) reject(error)
      })
    }
  }

  /** At most IN_ONE_CALL of them, in their order. */
  async readAll (addresses: readonly string[], commitment: Commitment): Promise<Reading[]> {
    const reached = this.#reached[commitment]
    for (let tries = 1; ; tries++) {
      // The last question is for how far the node has come at all.
      const answer = await this.#once(addresses, commitment, tries === TRIES ? 0 : Number(reached.height))
      const fault = answer === undefined ? 'unknown' : reached.faultOf({ height: BigInt(answer.slot), timeMs: answer.timeMs })
      if (answer !== undefined && fault === undefined) {
        this.reached(commitment, answer.slot, answer.timeMs)
        return answer.readings
      }
      if (tries === TRIES) throw new ChainError(`${fault ?? ''} commitment=${commitment}`, false)
      await pause(TRY_AGAIN_MS)
    }
  }

  /** Undefined: it has not reached the slot. */
  async #once (
    addresses: readonly string[], commitment: Commitment, minContextSlot: number
  ): Promise<{ slot: number, timeMs: number, readings: Reading[] } | undefined> {
    const keys = [...addresses, CLOCK]
    const options = { encoding: 'base64', commitment, ...minContextSlot > 0 && { minContextSlot } }
    let answer: Record<string, unknown>
    try {
      answer = recordOf(await this.rpc.call('getMultipleAccounts', keys, options))
    } catch (error) {
      if (error instanceof RpcError && error.code === NOT_REACHED) return undefined
      throw error
    }
    const slot = recordOf(answer.context).slot
    const accounts = Accounts.safeParse(answer.value).data?.map(accountOf) ?? []
    const clock = accounts.at(-1)
    if (!isSlot(slot) || accounts.length !== keys.length || clock?.data.length !== CLOCK_BYTES) {
      throw new ChainError(`the node at ${this.rpc.host} answers getMultipleAccounts with something else`, false)
    }
    const moment = { slot: Number(clock.data.readBigUInt64LE(0)), timeMs: Number(clock.data.readBigInt64LE(32)) * 1000 }
    return { slot, timeMs: moment.timeMs, readings: addresses.map((_, i) => ({ ...moment, account: accounts[i] })) }
  }
}

function accountOf (value: z.infer<typeof Accounts>[number]): RawAccount | undefined {
  return value === null ? undefined : { owner: value.owner, lamports: BigInt(value.lamports), data: Buffer.from(value.data[0], 'base64') }
}

function isSlot (value: unknown): value is number {
  return Number.isSafeInteger(value)
}
