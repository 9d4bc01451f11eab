/**
 * Notes what is not settled outside ILP, and between which parties, so that no account is removed, renamed or left out of a configuration
 * while our money depends on it. It is a single record, because it rarely changes.
 */
import { z } from 'zod'
import { SluiceError, refuseNewer } from '../contracts/errors.js'
import type { PluginInstance, PluginStore, SettlementRecords } from '../contracts/plugin.js'
import type { Store } from '../contracts/store.js'

const KEY = 'settlement:unsettled'
const VERSION = 1
const record = z.strictObject({
  version: z.literal(VERSION),
  unsettled: z.array(z.strictObject({ parties: z.string(), accountId: z.string(), what: z.string() }))
})

/** Something that is not settled, and the account that looks after it. */
export interface Unsettled {
  accountId: string
  what: string
}

export class SettlementIndex {
  /** Called when what is not settled has changed. */
  onChange: () => void = () => undefined
  private readonly entries = new Map<string, Unsettled>()
  private writing: Promise<unknown> = Promise.resolve()

  /** @param storeUnder a part of the connector's store with this in front of its keys */
  constructor (private readonly store: Store, private readonly storeUnder: (prefix: string) => PluginStore) {}

  /** Reads what was kept. Rejects when that is unreadable. */
  async open (): Promise<void> {
    const text = await this.store.get(KEY)
    if (typeof text !== 'string') return
    const value = parse(text)
    refuseNewer(KEY, value, VERSION)
    const { data } = record.safeParse(value)
    if (data === undefined) throw new Error(`the record ${KEY} of the store is damaged, and money depends on it: restore the store from a backup`)
    for (const { parties, ...entry } of data.unsettled) this.entries.set(parties, entry)
  }

  /** What is not settled, once what was kept has been read. */
  all (): Unsettled[] {
    return [...this.entries.values()]
  }

  /** @param plugin that of the account, once it is made: whatever it settles with, it looks after
   * @param settleWith throws when another account settles with that party */
  recordsOf (
    accountId: string, plugin: () => PluginInstance | undefined, settleWith: SettlementRecords['settleWith']
  ): SettlementRecords {
    return {
      settleWith,
      storeOf: parties => this.storeUnder(`settlement:${parties.length}:${parties}:`),
      setUnsettled: async (parties, what) => { await this.set(parties, what === undefined ? undefined : { accountId, what }) },
      unsettled: () => {
        const own = [...this.entries].filter(([parties, entry]) => entry.accountId === accountId || isWith(plugin(), parties))
        return new Map(own.map(([parties, { what }]) => [parties, what]))
      }
    }
  }

  /**
   * Throws when something is not settled that none of these accounts looks after.
   * @param pluginOf undefined for an account that is not there
   */
  refuseOrphans (plugins: readonly PluginInstance[], pluginOf: (accountId: string) => PluginInstance | undefined): void {
    const orphans = [...this.entries].filter(([parties, { accountId }]) =>
      pluginOf(accountId)?.settlesWith === undefined && !plugins.some(plugin => isWith(plugin, parties)))
    if (orphans.length === 0) return
    const shown = orphans.map(([parties, { accountId, what }]) => `account ${accountId} (${parties}): ${what}`).join(' | ')
    throw new SluiceError('SLUICE_ACCOUNT_UNSETTLED', 'accounts that are no longer configured have money that is not settled, and it would be lost if nobody looked after it. Configure ' +
      `them again, as they were, close their channels and wait until they are settled; then remove them. unsettled=${shown}`)
  }

  private async set (parties: string, entry: Unsettled | undefined): Promise<void> {
    const before = this.entries.get(parties)
    if (before?.what === entry?.what && before?.accountId === entry?.accountId) { await this.writing; return }
    if (entry === undefined) this.entries.delete(parties)
    else this.entries.set(parties, entry)
    this.onChange()
    const result = this.writing.then(() => this.write())
    this.writing = result.catch(() => undefined)
    await result
  }

  private async write (): Promise<void> {
    const unsettled = Array.from(this.entries, ([parties, entry]) => ({ parties, ...entry }))
    const value = JSON.stringify({ version: VERSION, unsettled })
    if (this.store.batch === undefined) await this.store.put(KEY, value)
    else await this.store.batch([{ type: 'put', key: KEY, value }], { sync: true })
  }
}

function isWith (plugin: PluginInstance | undefined, parties: string): boolean {
  return plugin?.settlesWith !== undefined && parties.startsWith(`${plugin.settlesWith} `)
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
