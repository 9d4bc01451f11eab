/**
 * A stand-in for a node of the Mina chain, for tests and demos. It speaks the GraphQL of a daemon; under it is o1js's local chain, whose
 * ledger is the real one's code. No daemon has been used.
 *
 * ```
 * const chain = await startMina()                     // a process of its own, about two seconds; start it once for a file of tests
 * await chain.fund(privateKey, 100_000_000_000n)      // by its key, an account can make payments; by its address, only zkApp commands
 * // … a client at chain.url …
 * await chain.block()                                 // or chain.block(15), chain.slot(500)
 * await chain.faults({ requests: [{ contains: 'sendZkapp', does: 'loseAnswer', times: 1 }] })
 * await chain.stop()
 * ```
 *
 * Modelled: nonces, fees, replacement, expiry and `slot_tx_end` in the pool; blocks with at most 24 zkApp commands; commands that fail in
 * their block and cost their fee; signatures; permissions, preconditions and state by the real ledger's code; finality and reorganizations;
 * the cost limit; nodes that lag, lie and lose things; what a hard fork does to proofs and to the chain id.
 *
 * **Proofs** are off by default: a command carries its private inputs in place of each proof (`plugins/mina/prover/unproven.ts`), the
 * stand-in runs the contract's own method with them, and takes the command only if the method makes just this update with all that is
 * below it. What the contract forbids is therefore refused as in a real chain; that the *circuit* forbids it too is shown by the tests
 * with proofs. With
 * `proofs: true` proofs are real, and verified; a test then needs the prover with proofs, and minutes.
 *
 * Slots pass on command, as quickly as a test needs: `utcDate` of a block is when it was made, whatever its slot.
 *
 * Not modelled: consensus between nodes, other tokens, delegation, events and actions, the archive node, snark fees, zkApps of others, the
 * fallback of permissions to signatures after a hard fork, the SQL of Rosetta. A funded account is there from the first block on.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Conditions, Order } from './control.js'
import type { Faults } from './faults.js'
import type { ReorgOptions } from './network.js'

export interface MinaOptions {
  networkId?: string
  /** Blocks come by themselves so often, in real ms; by `block` alone when absent. */
  blockMs?: number
  proofs?: boolean
}

interface Tip {
  height: number
  /** Since genesis. */
  slot: number
  stateHash: string
}

export interface MinaStandIn {
  /** Of GraphQL. */
  readonly url: string
  /**
   * @param account a private key `EK…`, or an address `B62…` for which no plain payments will be made
   * @param amount nanomina. A new account has them since the first block; an old one gets them in a block of its own
   * @returns the address
   */
  fund (account: string, amount: bigint): Promise<string>
  /** Makes blocks, one slot apart unless `conditions` say otherwise. */
  block (count?: number): Promise<Tip>
  /** Makes one block, in this slot: time passes. */
  slot (slot: number): Promise<Tip>
  /** Goes by the clock of a test: makes a block as of then where something waits for one. To be called all the time */
  follow (nowMs: number): Promise<Tip>
  /** The accounts that zkApp commands have named in blocks above a height. */
  called (above: number): Promise<string[]>
  /** The last blocks go, and as many and one more come instead, empty. Their commands wait again, unless the new branch `loses` them. */
  reorg (depth: number, options?: ReorgOptions): Promise<Tip>
  /** Changes what the chain is like for all. */
  conditions (conditions: Conditions): Promise<void>
  /** A hard fork: another chain id, and old proofs are refused. */
  fork (chainId: string): Promise<void>
  /** Replaces all faults of a node; `{}` makes it well again. @param node 0, or what `anotherNode` gave */
  faults (faults: Partial<Faults>, node?: number): Promise<void>
  /** The bodies of the last requests. */
  asked (node?: number): Promise<string[]>
  /** Another node of the same chain, with faults of its own. */
  anotherNode (): Promise<{ node: number, url: string }>
  stop (): Promise<void>
}

export async function startMina ({ networkId, blockMs, proofs = false }: MinaOptions = {}): Promise<MinaStandIn> {
  const main = fileURLToPath(new URL('main.js', import.meta.url))
  const args = [
    ...networkId === undefined ? [] : ['--network-id', networkId],
    ...blockMs === undefined ? [] : ['--block-ms', String(blockMs)],
    ...proofs ? ['--proofs'] : []
  ]
  const env = { ...process.env, O1JS_BACKEND: proofs ? 'native' : 'wasm' } // which is quicker without proofs
  const child = spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'pipe', 'inherit'], env })
  const { url, control } = JSON.parse(await firstLine(child)) as { url: string, control: string }
  const order = async <T>(order: Order): Promise<T> => {
    const response = await fetch(control, { method: 'POST', body: JSON.stringify(order) })
    const { answer, error } = await response.json() as { answer: T, error?: string }
    if (error !== undefined) throw new Error(`the stand-in for Mina: ${error}`)
    return answer
  }
  return {
    url,
    fund: (account, amount) => order({ does: 'fund', account, amount: String(amount) }),
    block: (count = 1) => order({ does: 'block', count }),
    slot: slot => order({ does: 'slot', slot }),
    follow: nowMs => order({ does: 'follow', nowMs }),
    called: above => order({ does: 'called', above }),
    reorg: (depth, options = {}) => order({ does: 'reorg', depth, options }),
    conditions: async conditions => { await order({ does: 'conditions', conditions }) },
    fork: async chainId => { await order({ does: 'fork', chainId }) },
    faults: async (faults, node = 0) => { await order({ does: 'faults', node, faults }) },
    asked: (node = 0) => order({ does: 'asked', node }),
    anotherNode: () => order({ does: 'anotherNode' }),
    async stop () {
      if (child.exitCode !== null) return
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    }
  }
}

async function firstLine (child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('its output goes elsewhere')
  const line = once(createInterface(child.stdout), 'line') as Promise<[string]>
  const ended = once(child, 'exit').then(([code]) => { throw new Error(`the stand-in for Mina ended with code ${String(code)}`) })
  const [text] = await Promise.race([line, ended])
  return text
}
