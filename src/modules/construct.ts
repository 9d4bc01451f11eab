/** Turns a loaded module into a constructor. If it fails, the error says which module, why, and which setting to check. */
import { SluiceError, codeOf } from '../contracts/errors.js'
import { describeError } from '../lib/describe-error.js'
import { hideSecrets } from '../lib/hide-secrets.js'

export type ModuleType = 'plugin' | 'middleware' | 'backend' | 'store'
export type Constructor = new (...args: never[]) => unknown

interface Kind {
  /** Where an operator names the module and its options. */
  settings: string
  /** What every instance has to have. Plugins are looked at once old ones are lifted to today's interface. */
  methods: readonly string[]
}

export const KINDS: Readonly<Record<ModuleType, Kind>> = {
  plugin: { settings: "the account's plugin and options (CONNECTOR_ACCOUNTS)", methods: [] },
  middleware: { settings: 'middlewares (CONNECTOR_MIDDLEWARES)', methods: ['applyToPipelines'] },
  backend: { settings: 'backend and backendConfig (CONNECTOR_BACKEND, CONNECTOR_BACKEND_CONFIG)', methods: ['connect', 'getRate'] },
  store: { settings: 'store and storeConfig (CONNECTOR_STORE, CONNECTOR_STORE_CONFIG)', methods: ['get', 'put', 'del'] }
}

/**
 * The constructor in a module: the module itself, else its default export. In this order, as a class that extends an npm package's may
 * inherit a `default` from it. Its first argument are its options.
 */
export function constructorIn (module: unknown, type: ModuleType, name: string): Constructor {
  const { default: wrapped } = Object(module) as { default?: unknown }
  const { default: wrappedTwice } = Object(wrapped) as { default?: unknown }
  const found = [module, wrapped, wrappedTwice].find(isConstructor)
  if (found === undefined) throw new SluiceError('SLUICE_MODULE_UNUSABLE', `${type} does not export a constructor. module=${name} ` +
    `Export a class as its default, or check ${KINDS[type].settings}.`)
  return new Proxy(found, { construct: (target, args: never[]) => construct(target, args, type, name) })
}

function construct (target: Constructor, args: never[], type: ModuleType, name: string): object {
  try {
    const instance = Object(new target(...args)) as Record<string, unknown>
    const missing = KINDS[type].methods.filter(method => typeof instance[method] !== 'function')
    if (missing.length > 0) throw new TypeError(`it has no ${missing.join(', ')}`)
    return instance
  } catch (error) {
    // Without a cause: that might hold, in any field, what is hidden here.
    throw new SluiceError(codeOf(error) ?? 'SLUICE_MODULE_UNUSABLE', `could not create ${type}. moduleName=${name} ` +
      `error=${sentence(hideSecrets(describeError(error), args[0]))} Check ${KINDS[type].settings}.`)
  }
}

function sentence (text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** Each is tried once: V8 lays its instances out anew after that, and with one for each of thousands of accounts they take several KB. */
const proven = new WeakSet<object>()

/** Classes and old-style functions, not arrow functions. Nothing is called to find out. */
function isConstructor (value: unknown): value is Constructor {
  if (typeof value !== 'function') return false
  if (proven.has(value)) return true
  try {
    Reflect.construct(Object, [], value)
    proven.add(value)
    return true
  } catch {
    return false
  }
}
