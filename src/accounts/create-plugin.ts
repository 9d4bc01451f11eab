/** Makes an account's plugin: a ready instance as it is, or a module by name, constructed and lifted from LPI v1 where it is old. */
import { createRequire } from 'node:module'
import { createLogger } from '../log.js'
import { KINDS } from '../modules/construct.js'
import { loadConstructor } from '../modules/load-module.js'
import { describeError } from '../packet/errors.js'
import type { AccountInfo } from '../types/account.js'
import type { PluginConstructor, PluginInstance, PluginStore } from '../types/plugin.js'

// Its types describe a default export that the module does not have.
const compat = createRequire(import.meta.url)('ilp-compat-plugin') as (plugin: unknown) => PluginInstance
const REQUIRED_METHODS = [
  'connect', 'disconnect', 'isConnected', 'sendData', 'sendMoney',
  'registerDataHandler', 'deregisterDataHandler', 'registerMoneyHandler', 'deregisterMoneyHandler', 'on', 'removeListener'
] as const

/** Throws an Error that names the account and the plugin when it cannot be loaded, constructed or used. */
export function createPlugin (accountId: string, { plugin, options = {} }: AccountInfo, store: PluginStore): PluginInstance {
  try {
    return typeof plugin === 'string' ? pluginByName(accountId, plugin, options, store) : checked(plugin, 'an instance')
  } catch (error) {
    throw new Error(`account ${accountId}: ${describeError(error)}`)
  }
}

function pluginByName (accountId: string, name: string, options: Record<string, unknown>, store: PluginStore): PluginInstance {
  const Plugin = loadConstructor('plugin', name) as PluginConstructor
  const services = { store, log: createLogger(`${name}[${accountId}]`) }
  return checked(lifted(new Plugin({ _store: store, _log: services.log, ...options }, services), name), name)
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
