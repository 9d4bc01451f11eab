/**
 * Proofs of an account, and those that are made in advance: a proof of `redeem` stays good until we redeem ourselves, whatever the payer or
 * strangers do. So one is at hand when a close is seen, and answering it takes no longer than to sign and to send.
 */
import { z } from 'zod'
import { describeError } from '../../src/lib/describe-error.js'
import { withTimeout } from '../../src/lib/timeout.js'
import type { Logger } from '../../src/contracts/logger.js'
import type { PluginStore } from '../../src/contracts/plugin.js'
import type { ClaimRecord } from './chain/operations.js'
import type { ChannelAccount, ProverJob } from './prover/jobs.js'
import { ProverError } from './prover/prover.js'
import type { Prover, ProverStatus } from './prover/prover.js'
import { ChainError } from '../lib/channels/types.js'

/** Makes proofs, one at a time, in another process. */
export type ProofMaker = Pick<Prover, 'prove'>

/** What is proven first. */
const PRIORITY = { redeemBeforeEnd: 0, finish: 1, other: 2, standby: 3 } as const

const Standby = z.object({ amount: z.string(), nonce: z.string(), paid: z.string(), json: z.string() })
type Standby = z.infer<typeof Standby>

/** Of channels that pay us, so many have a proof in advance: each takes 40 kB of the store. */
const STANDBY_MAX = 16

export interface ProofsDeps {
  prover: ProofMaker
  sender: string
  store: PluginStore
  /** Of the records in the store. */
  name: string
  /** A proof is made in advance whenever claims have grown by this, nanomina. */
  step: bigint
  log: Logger
}

interface Ending {
  /** Where there is a proof of a part, one of all may take so long. */
  patienceMs: number
  /** What is being proven for others is given up for it, which costs them a minute. */
  isLate: boolean
}

export class Proofs {
  readonly #standby = new Map<string, Standby>()
  readonly #making = new Set<string>()
  #loading: Promise<void> | undefined

  constructor (private readonly deps: ProofsDeps) {}

  /** A proof that is needed now. */
  async prove (job: ProverJob): Promise<string> {
    return await this.#made(job, job.kind === 'finish' ? PRIORITY.finish : PRIORITY.other)
  }

  /**
   * The one in advance, where it is of this claim. Else it is made. Where the channel is about to end, one of an earlier claim goes first
   * if the prover fails or takes too long: the rest has to wait until that is confirmed, for which there may be no time.
   * @param ending undefined: nothing ends
   */
  async redeem (channel: ChannelAccount, claim: ClaimRecord, paid: bigint, ending?: Ending): Promise<string> {
    await this.#load()
    const ready = this.#standby.get(channel.address)
    const isGood = ready?.paid === String(paid) && BigInt(ready.amount) > paid
    if (isGood && ready.amount === claim.amount) return ready.json
    const priority = ending === undefined ? PRIORITY.other : PRIORITY.redeemBeforeEnd
    const making = this.#made(jobOf(channel, claim, this.deps.sender), priority, ending?.isLate)
    if (ending === undefined || !isGood || BigInt(ready.amount) > BigInt(claim.amount)) return await making
    if (await withTimeout(making, ending.patienceMs).catch(() => false)) return await making
    this.deps.log.warn('no proof of the best claim is there in time, so an earlier claim is redeemed first. channelId=%s claim=%s first=%s',
      channel.address, claim.amount, ready.amount)
    return ready.json
  }

  /** A claim has come: a proof is made in advance when claims have grown enough. @param paid what was redeemed before, nanomina */
  claimed (account: ChannelAccount, claim: ClaimRecord, paid: bigint): void {
    const [total, { address }] = [BigInt(claim.amount), account]
    const ready = this.ready(address, paid)
    if (total - (ready > paid ? ready : paid) < this.deps.step) return
    this.prepare(account, claim, paid).catch((error: unknown) => {
      this.deps.log.warn('no proof could be made in advance, so a close is answered later. channelId=%s error=%s', address, describeError(error))
    })
  }

  /** Resolves when there is a proof of this claim. Rejects with what the prover says. One at a time for a channel. */
  async prepare (channel: ChannelAccount, claim: ClaimRecord, paid: bigint): Promise<void> {
    await this.#load()
    const { address } = channel
    if (this.#making.has(address) || this.isReady(address, claim.amount, paid)) return
    this.#making.add(address)
    try {
      const json = await this.#made(jobOf(channel, claim, this.deps.sender), PRIORITY.standby)
      this.#standby.delete(address)
      this.#standby.set(address, { amount: claim.amount, nonce: claim.nonce, paid: String(paid), json })
      for (const oldest of this.#standby.keys()) {
        if (this.#standby.size <= STANDBY_MAX) break
        this.#standby.delete(oldest)
      }
      await this.deps.store.put(this.deps.name, JSON.stringify([...this.#standby]))
    } finally {
      this.#making.delete(address)
    }
  }

  /** Whether there is a proof of so much, or one is being made. */
  isReady (address: string, amount: string, paid: bigint): boolean {
    const ready = this.#standby.get(address)
    return this.#making.has(address) || (ready?.amount === amount && ready.paid === String(paid))
  }

  /** What the proof in advance grants, nanomina; 0n: there is none that serves. */
  ready (address: string, paid: bigint): bigint {
    const ready = this.#standby.get(address)
    return ready?.paid === String(paid) ? BigInt(ready.amount) : 0n
  }

  /** @param preempts what is under way */
  async #made (job: ProverJob, priority: number, preempts = false): Promise<string> {
    return await this.deps.prover.prove(job, priority, preempts).catch((error: unknown) => {
      if (!(error instanceof ProverError)) throw error
      throw new ChainError(error.message, false, { cause: error })
    })
  }

  #load (): Promise<void> {
    return this.#loading ??= this.deps.store.get(this.deps.name).then(text => {
      if (text === undefined) return
      for (const [address, standby] of z.array(z.tuple([z.string(), Standby])).parse(JSON.parse(text))) this.#standby.set(address, standby)
    }).catch((error: unknown) => { // it is made anew
      this.deps.log.warn('the proofs that were made in advance cannot be read. error=%s', describeError(error))
    })
  }
}

function jobOf (channel: ChannelAccount, { amount, nonce, signature }: ClaimRecord, sender: string): ProverJob {
  return { kind: 'redeem', sender, channel, claim: { amount: BigInt(amount), nonce: BigInt(nonce), signature } }
}

/** For operators: `mina: proving redeem since 42 s, 1 queued`. Undefined: nothing is being made, and nothing is wrong. */
export function inWords ({ job, queued, problem }: ProverStatus, nowMs = Date.now()): string | undefined {
  const trouble = problem === undefined ? '' : `, the last try failed: ${problem}`
  if (job === undefined) return problem === undefined ? undefined : `mina: no proofs can be made: ${problem}`
  return `mina: proving ${job.kind} since ${Math.floor((nowMs - job.since) / 1000)} s, ${queued} queued${trouble}`
}
