/** Where the records of settlements are, of a plugin that is not made by a connector. */
import type { PluginServices, SettlementRecords } from '../../../src/contracts/plugin.js'

/** All in its one store, and nobody who would remove the account. */
export function withoutConnector ({ store }: PluginServices): SettlementRecords {
  const named = (parties: string, key: string): string => `${parties} ${key}`
  return {
    storeOf: parties => ({
      get: key => store.get(named(parties, key)),
      put: (key, value) => store.put(named(parties, key), value),
      del: key => store.del(named(parties, key)),
      ...(store.putAll === undefined ? {} : {
        putAll: async values => {
          await store.putAll?.(Object.fromEntries(Object.entries(values).map(([key, value]) => [named(parties, key), value])))
        }
      })
    }),
    settleWith: () => undefined,
    setUnsettled: () => Promise.resolve(),
    unsettled: () => new Map()
  }
}
