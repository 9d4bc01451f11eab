/** Makes the explorer of a connector, as its configuration says, or as the node around it does. */
import { basename, dirname, join } from 'node:path'
import type { Injector } from 'reduct'
import { Accounts } from '../accounts/accounts.js'
import { Config } from '../config/connector/config.js'
import { connectorSchema } from '../config/connector/schema.js'
import { envName } from '../config/connector/env.js'
import { effectiveSettings, type Setting } from '../config/effective.js'
import { schemaAt } from '../config/fields.js'
import { UNKNOWN_ADDRESS } from '../contracts/account.js'
import { ExplorerDoor, type Door } from '../explorer/door.js'
import { Explorer } from '../explorer/explorer.js'
import { Feed } from '../explorer/feed.js'
import { RateBackend } from '../forwarding/rate-backend.js'
import { LedgerService } from '../ledger/service.js'
import { isSet } from '../lib/environment.js'
import { MiddlewareManager } from '../pipeline/middleware-manager.js'
import { RoutingService } from '../routing/service.js'

const DATA = 'connector-data'
const NO_NAME = 'connector'

/** Undefined where none is configured. @param isRunning whether the connector has started, and not stopped */
export function createExplorer (deps: Injector, isRunning: () => boolean): Explorer | undefined {
  const config = deps(Config)
  if (!config.explorer) return undefined
  return new Explorer({
    door: deps(ExplorerDoor).node ?? ownDoor(deps, isRunning),
    feed: deps(Feed),
    parts: {
      accounts: deps(Accounts),
      ledger: deps(LedgerService),
      middlewares: deps(MiddlewareManager),
      routing: deps(RoutingService),
      backend: deps(RateBackend),
      backendName: config.backend,
      spread: config.spread
    },
    retentionDays: config.explorerRetentionDays,
    maxEvents: config.explorerMaxEvents,
    payloads: config.explorerPayloads,
    log: config.createLogger('explorer')
  })
}

function ownDoor (deps: Injector, isRunning: () => boolean): Door {
  const config = deps(Config)
  const ledger = deps(LedgerService)
  const nodeId = config.ilpAddress === UNKNOWN_ADDRESS ? NO_NAME : config.ilpAddress
  const adminUrl = `http://127.0.0.1:${config.adminApiPort}`
  const curl = (rest: string): string => `curl ${config.adminApiKey === '' ? '' : '-H "X-Api-Key: $CONNECTOR_ADMIN_API_KEY" '}${rest}`
  return {
    access: {
      host: config.explorerHost,
      environment: 'production',
      apiKey: config.adminApiKey,
      allowedHosts: config.adminApiAllowedHosts,
      settings: {
        apiKey: 'adminApiKey (CONNECTOR_ADMIN_API_KEY)', allowedHosts: 'adminApiAllowedHosts (CONNECTOR_ADMIN_API_ALLOWED_HOSTS)', host: 'explorerHost (CONNECTOR_EXPLORER_HOST)'
      }
    },
    port: config.explorerPort,
    isAsked: true,
    hasPort: true,
    settings: { host: 'explorerHost (CONNECTOR_EXPLORER_HOST)', port: 'explorerPort (CONNECTOR_EXPLORER_PORT)' },
    historyPath: historyPath(config, nodeId),
    facts: {
      nodeId,
      environment: config.env === 'production' ? 'production' : 'development',
      status: () => !isRunning() ? 'starting' : ledger.getStatus().trouble === undefined ? 'healthy' : 'unhealthy',
      isOwn: () => false,
      peer: (_id, { relation }) => ({ relation, isGuest: false }),
      settings: () => settingsOf(config),
      auditHead: () => undefined,
      attention: () => [],
      commands: {
        redeem: channelId => curl(`-X POST -H 'Content-Type: application/json' -d '${JSON.stringify({ action: 'redeem', channelId })}' ${adminUrl}/accounts/<account>`),
        settlements: () => curl(`${adminUrl}/settlements`),
        balances: () => curl(`${adminUrl}/balance`)
      }
    }
  }
}

/** Next to the store, not in it: the store belongs to one program alone. */
function historyPath ({ storePath, storeConfig }: Config, nodeId: string): string {
  const path = typeof storeConfig.path === 'string' ? storeConfig.path : storePath
  return path === '' ? join(DATA, `explorer-${nodeId}`) : join(dirname(path), `explorer-${basename(path)}`)
}

function settingsOf (config: Config): Setting[] {
  const options = Object.fromEntries(Object.entries(config).filter(([name]) => name !== 'logger'))
  return effectiveSettings(options, path => schemaAt(connectorSchema, path), ([option]) => isSet(process.env, envName(String(option))) ? 'environment' : 'default')
}
