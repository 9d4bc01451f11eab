/**
 * What a node with payment channels that are not settled leaves beside its store, so that somebody looks after them when it starts again.
 *
 * It keeps its books and claims under its name. Under another name it would begin with empty ones, so one whose keys stand in the note of
 * another name does not start. And its channels may be with peers that stand in no configuration, because the application registered them:
 * these stand in the note, and are registered again.
 */
import { createHmac } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SluiceError } from '../contracts/errors.js'
import { isObject } from '../lib/is-object.js'
import { z } from 'zod'
import type { Unsettled } from '../accounts/settlement-index.js'
import type { SettlementChain } from '../contracts/chain-kind.js'
import type { Peer } from './peers.js'

const SUFFIX = '.unsettled.json'
const note = z.object({
  nodeId: z.string(),
  keys: z.array(z.string()),
  unsettled: z.array(z.string()),
  /** Judged when they are registered. */
  peers: z.array(z.custom<Peer>(isObject)).default([])
})

export class UnsettledMarker {
  readonly #path: string
  readonly #keys: string[]

  constructor (private readonly dataPath: string, private readonly nodeId: string, chains: readonly SettlementChain[]) {
    this.#path = join(dataPath, nodeId + SUFFIX)
    this.#keys = chains.flatMap(({ options }) => fingerprintsOf(options.chain))
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

  /** The peers of the node's own note: those with channels that no configuration had. */
  registered (): readonly Peer[] {
    return note.safeParse(read(this.#path)).data?.peers ?? []
  }

  /**
   * Notes what is not settled; nothing is noted where everything is.
   * @param registered the peers that no configuration has
   */
  write (unsettled: readonly Unsettled[], registered: readonly Peer[]): void {
    if (unsettled.length === 0) {
      rmSync(this.#path, { force: true })
      return
    }
    const withChannels = new Set(unsettled.map(({ accountId }) => accountId))
    const content: z.input<typeof note> = {
      nodeId: this.nodeId,
      keys: this.#keys,
      unsettled: unsettled.map(({ accountId, what }) => `account ${accountId}: ${what}`),
      peers: registered.filter(({ id }) => withChannels.has(id))
    }
    const beside = `${this.#path}.new`
    writeFileSync(beside, JSON.stringify(content, undefined, 2), { mode: 0o600 })
    renameSync(beside, this.#path)
  }
}

/** Tell keys, that of a chain and its former ones, from others without saying anything about them. */
function fingerprintsOf (chain: unknown): string[] {
  const { keyId = '', formerKeyIds = [] } = isObject(chain) ? { ...chain } : {}
  const keyIds = [keyId, ...Array.isArray(formerKeyIds) ? formerKeyIds as unknown[] : []].map(key => String(key).toLowerCase())
  return keyIds.map(key => createHmac('sha256', key).update('sluice settlement key').digest('hex').slice(0, 16))
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
