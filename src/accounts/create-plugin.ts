/** Makes an account's plugin: a ready instance as it is, or a module by name, constructed and lifted from LPI v1 where it is old. */
import { createRequire } from 'node:module'
import { createLogger } from '../log.js'
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
export function createPlugin (accountId: string, info: AccountInfo, store: PluginStore): PluginInstance {
  const plugin = typeof info.plugin === 'string' ? constructPlugin(accountId, info.plugin, info.options ?? {}, store) : info.plugin
  const missing = REQUIRED_METHODS.filter(method => typeof plugin[method] !== 'function')
  if (missing.length > 0) throw new TypeError(`plugin is not a ledger plugin. accountId=${accountId} missing methods: ${missing.join(', ')}`)
  return plugin
}

function constructPlugin (accountId: string, name: string, options: Record<string, unknown>, store: PluginStore): PluginInstance {
  const Plugin = loadConstructor('plugin', name) as PluginConstructor
  const services = { store, log: createLogger(`${name}[${accountId}]`) }
  try {
    return compat(new Plugin({ _store: store, _log: services.log, ...options }, services))
  } catch (error) {
    throw new Error(`could not create plugin. accountId=${accountId} plugin=${name} error=${describeError(error)}`, { cause: error })
  }
}
