/**
 * A node keeps its books and claims under its name. Under another name it would begin with empty ones, and nobody would look after the
 * payment channels of the former one. So a node with such channels leaves a note beside its store, and one whose keys stand in the note of
 * another name does not start.
 */
import { createHmac } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SluiceError } from '../contracts/errors.js'
import { z } from 'zod'
import type { SettlementChain } from '../contracts/chain-kind.js'

const SUFFIX = '.unsettled.json'
const note = z.object({ nodeId: z.string(), keys: z.array(z.string()), unsettled: z.array(z.string()) })

export class UnsettledMarker {
  readonly #path: string
  readonly #keys: string[]

  constructor (private readonly dataPath: string, private readonly nodeId: string, chains: readonly SettlementChain[]) {
    this.#path = join(dataPath, nodeId + SUFFIX)
    this.#keys = chains.map(({ options }) => fingerprintOf(options.chain))
  }

  /** Throws when a node of another name has channels of our keys that are not settled, and says what to do. */
  refuseOtherName (): void {
    for (const file of filesIn(this.dataPath)) {
      const { data } = note.safeParse(read(join(this.dataPath, file)))
      if (data === undefined || data.nodeId === this.nodeId || !data.keys.some(key => this.#keys.includes(key))) continue
      throw new SluiceError('SLUICE_NODE_RENAMED', `The node was called ${data.nodeId} before, and that one's payment channels are not settled: ${data.unsettled.join('; ')}. ` +
        `Start it under that nodeId until they are, or, to keep its books, rename ${join(this.dataPath, data.nodeId)} to ${join(this.dataPath, this.nodeId)} ` +
        `and remove ${join(this.dataPath, file)}.`)
    }
  }

  /** Notes what is not settled; nothing is noted where everything is. */
  write (unsettled: readonly string[]): void {
    if (unsettled.length === 0) {
      rmSync(this.#path, { force: true })
      return
    }
    const beside = `${this.#path}.new`
    writeFileSync(beside, JSON.stringify({ nodeId: this.nodeId, keys: this.#keys, unsettled }, undefined, 2), { mode: 0o600 })
    renameSync(beside, this.#path)
  }
}

/** Tells a key from others without saying anything about it. */
function fingerprintOf (chain: unknown): string {
  const keyId = typeof chain === 'object' && chain !== null && 'keyId' in chain ? String(chain.keyId).toLowerCase() : ''
  return createHmac('sha256', keyId).update('sluice settlement key').digest('hex').slice(0, 16)
}

function filesIn (folder: string): string[] {
  try {
    return readdirSync(folder).filter(name => name.endsWith(SUFFIX))
  } catch {
    return [] // there is no such folder yet
  }
}

function read (path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
