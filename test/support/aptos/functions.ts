/** The Move functions that this stand-in can run: those of the channel module wherever it is published, and a few of the framework. */
import type { Arguments, Parameter } from './arguments.js'
import { short } from './bcs.js'
import { CHANNEL_ENTRIES, CHANNEL_VIEWS } from './channel-module.js'
import { FRAMEWORK_ENTRIES, FRAMEWORK_VIEWS } from './framework.js'
import type { Reading, View } from './ledger.js'

const FRAMEWORK = `0x${'1'.padStart(64, '0')}`

/** What a running entry function has around it. */
export interface Execution {
  readonly view: View
  readonly sender: string
  /** Of the module that runs. */
  readonly code: string
  readonly chainId: number
  /** Seconds, of the block. */
  readonly now: bigint
  /** Of the transaction. */
  readonly hash: string
  /** An event of the module `channel`. */
  emit (name: string, data: object): void
}

export interface Entry {
  readonly typeParameters?: number
  readonly parameters: readonly Parameter[]
  /** Units that it costs. */
  readonly gas: bigint
  readonly run: (execution: Execution, args: Arguments) => void
}

export interface ViewFunction {
  readonly typeParameters?: number
  readonly parameters: readonly Parameter[]
  /** Types; `CODE` stands for the module's address. */
  readonly returns: readonly string[]
  readonly run: (view: Reading, args: Arguments) => unknown[]
}

export type Entries = Readonly<Record<string, Entry>>
export type Views = Readonly<Record<string, ViewFunction>>

interface Name {
  readonly address: string
  readonly module: string
  readonly name: string
}

export function entryOf (view: Reading, { address, module, name }: Name): Entry | undefined {
  if (address === FRAMEWORK) return own(FRAMEWORK_ENTRIES, `${module}::${name}`)
  return isChannelModule(view, address, module) ? own(CHANNEL_ENTRIES, name) : undefined
}

export function viewOf (view: Reading, { address, module, name }: Name): ViewFunction | undefined {
  if (address === FRAMEWORK) return own(FRAMEWORK_VIEWS, `${module}::${name}`)
  return isChannelModule(view, address, module) ? own(CHANNEL_VIEWS, name) : undefined
}

function isChannelModule (view: Reading, address: string, module: string): boolean {
  return module === 'channel' && view.get('module', `${address}::channel`) !== undefined && view.get('module', `${address}::core`) !== undefined
}

function own<T> (table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** What a node tells of a module's functions, which clients encode arguments by. */
export function abiOf (address: string, module: string): object {
  const isFramework = address === FRAMEWORK
  const prefix = `${module}::`
  const names = (table: object): string[] => isFramework
    ? Object.keys(table).filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length))
    : module === 'channel' ? Object.keys(table) : []
  const entries = isFramework ? FRAMEWORK_ENTRIES : CHANNEL_ENTRIES
  const views = isFramework ? FRAMEWORK_VIEWS : CHANNEL_VIEWS
  const full = (name: string): string => isFramework ? prefix + name : name
  return {
    address: short(address),
    name: module,
    friends: [],
    exposed_functions: [
      ...names(entries).map(name => functionAbi(name, entries[full(name)], ['&signer'], [], true)),
      ...names(views).map(name => functionAbi(name, views[full(name)], [], views[full(name)]?.returns ?? [], false))
    ].map(text => JSON.parse(JSON.stringify(text).replaceAll('CODE::', `${short(address)}::`)) as object),
    structs: []
  }
}

function functionAbi (
  name: string, spec: Pick<Entry, 'parameters' | 'typeParameters'> | undefined, signers: readonly string[], returns: readonly string[], isEntry: boolean
): object {
  const parameters = spec?.parameters.map(parameter => parameter === 'object' ? '0x1::object::Object<0x1::fungible_asset::Metadata>' : parameter)
  return {
    name,
    visibility: 'public',
    is_entry: isEntry,
    is_view: !isEntry,
    generic_type_params: Array.from({ length: spec?.typeParameters ?? 0 }, () => ({ constraints: [] })),
    params: [...signers, ...parameters ?? []],
    return: returns
  }
}

/** Whether the framework has such a module, as far as this stand-in knows. */
export function isFrameworkModule (address: string, module: string): boolean {
  return address === FRAMEWORK && Object.keys({ ...FRAMEWORK_ENTRIES, ...FRAMEWORK_VIEWS }).some(name => name.startsWith(`${module}::`))
}
