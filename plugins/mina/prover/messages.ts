/** What the main process and the one that proves say to each other. Never a key. */
import type { ProverJob } from './jobs.js'

export interface Setup {
  /** Where compiled circuits are kept. */
  cacheDir: string
  /** False: commands carry their private inputs instead of proofs, for chains that verify none. */
  proofs: boolean
}

export type Request =
  | { kind: 'setup', setup: Setup }
  /** Makes the circuits. Only jobs with a proof need it. */
  | { kind: 'compile' }
  | { kind: 'job', job: ProverJob }

/**
 * - `missing`: o1js is not installed. `otherCode`: the contract compiles to other code than this release opens channels with.
 * - `refused`: the contract does not allow it, so it will not next time either. `failed`: anything else.
 */
export type Fault = 'missing' | 'otherCode' | 'compiling' | 'refused' | 'failed'

/** Each request is answered by one `ready` or `command`, or by one `fault`. */
export type Answer =
  | { kind: 'ready' }
  | { kind: 'command', json: string, rssMb: number }
  | { kind: 'fault', fault: Fault, reason: string }
