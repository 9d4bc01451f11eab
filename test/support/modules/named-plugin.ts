/** A test plugin that is loaded by path, like a user's own. It hands itself and its services to the test through `options.made`. */
import { fileURLToPath } from 'node:url'
import type { PluginServices, PluginStore } from '../../../src/contracts/plugin.js'
import { TestPlugin } from '../test-plugin.js'

export const NAMED_PLUGIN = fileURLToPath(import.meta.url)

export interface NamedPluginOptions {
  made?: (plugin: NamedPlugin) => void
  [other: string]: unknown
}

export default class NamedPlugin extends TestPlugin {
  constructor (readonly options: NamedPluginOptions & { _store: PluginStore, _log: unknown }, readonly services: PluginServices) {
    super()
    options.made?.(this)
  }
}
