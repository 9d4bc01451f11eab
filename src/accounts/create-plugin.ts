/** Creates an account's plugin: uses a ready instance as it is, or loads a module by name, and adapts old plugins from LPI version 1. */
import { SluiceError, codeOf } from '../contracts/errors.js'
import { createRequire } from 'node:module'
import type { Logger } from '../contracts/logger.js'
import { KINDS } from '../modules/construct.js'
import { loadConstructor } from '../modules/load-module.js'
import { describeError } from '../lib/describe-error.js'
import type { AccountInfo } from '../contracts/account.js'
import type { PluginConstructor, PluginInstance, PluginServices } from '../contracts/plugin.js'

// Its types describe a default export that the module does not have.
const compat = createRequire(import.meta.url)('ilp-compat-plugin') as (plugin: unknown) => PluginInstance
const REQUIRED_METHODS = [
  'connect', 'disconnect', 'isConnected', 'sendData', 'sendMoney',
  'registerDataHandler', 'deregisterDataHandler', 'registerMoneyHandler', 'deregisterMoneyHandler', 'on', 'removeListener'
] as const

/** What a connector hands to its plugins. */
type PluginParts = Required<Pick<PluginServices, 'store' | 'mayOpenFiles' | 'getOwnAddress' | 'books' | 'settlements' | 'signed'>> & {
  createLog: (name: string, options: object) => Logger
}

/** Throws an Error that names the account and the plugin when it cannot be loaded, constructed or used. */
export function createPlugin (
  accountId: string, info: AccountInfo, { createLog, ...connector }: PluginParts
): PluginInstance {
  const { plugin, options = {}, assetCode, assetScale } = info
  try {
    if (typeof plugin !== 'string') return checked(plugin, 'an instance')
    const log = createLog(`${plugin}[${accountId}]`, options)
    return pluginByName(plugin, options, { ...connector, log, account: { id: accountId, assetCode, assetScale } })
  } catch (error) {
    throw new SluiceError(codeOf(error) ?? 'SLUICE_MODULE_UNUSABLE', `account ${accountId}: ${describeError(error)}`)
  }
}

function pluginByName (name: string, options: Record<string, unknown>, services: PluginServices): PluginInstance {
  const Plugin = loadConstructor('plugin', name) as PluginConstructor
  return checked(lifted(new Plugin({ _store: services.store, _log: services.log, ...options }, services), name), name)
}

function lifted (plugin: PluginInstance, name: string): PluginInstance {
  try {
    return compat(plugin)
  } catch (error) {
    throw notALedgerPlugin(name, describeError(error))
  }
}

function checked (plugin: PluginInstance, name: string): PluginInstance {
  const missing = REQUIRED_METHODS.filter(method => typeof plugin[method] !== 'function')
  if (missing.length > 0) throw notALedgerPlugin(name, `it has no ${missing.join(', ')}`)
  return plugin
}

function notALedgerPlugin (name: string, reason: string): TypeError {
  return new TypeError(`plugin is not a ledger plugin. plugin=${name} error=${reason}. Check ${KINDS.plugin.settings}.`)
}
