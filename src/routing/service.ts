/** The router of this connector, connected to the registry of accounts and to the configuration. */
import { randomBytes } from 'node:crypto'
import type { Injector } from 'reduct'
import { Accounts } from '../accounts/accounts.js'
import { Config } from '../config/connector/config.js'
import type { Logger } from '../contracts/logger.js'
import { AccountStats } from '../metrics/stats.js'
import { registerRoutingMetrics } from './metrics.js'
import { Router } from './router.js'

const GLOBAL_PREFIXES = { production: 'g', test: 'test' } as const
const SECRET_LENGTH = 32

export class RoutingService extends Router {
  constructor (deps: Injector) {
    const config = deps(Config)
    const accounts = deps(Accounts)
    const log = config.createLogger('route-broadcaster')
    const routingSecret = secretOf(config.routingSecret, log)
    super({
      ownAddress: () => accounts.getOwnAddress(),
      accountIds: () => accounts.getAccountIds(),
      relation: accountId => accounts.getInfo(accountId).relation,
      isConnected: accountId => accounts.isConnected(accountId),
      childAddress: accountId => accounts.getChildAddress(accountId),
      routeOptions: accountId => accounts.getInfo(accountId),
      sendData: (accountId, packet) => accounts.getPlugin(accountId).sendData(packet),
      log
    }, () => {
      const { defaultRoute, routes, routeBroadcastEnabled, routeBroadcastInterval, routeCleanupInterval, routeExpiry } = config
      return {
        globalPrefix: GLOBAL_PREFIXES[config.env],
        routingSecret,
        defaultRoute,
        routes,
        routeBroadcastEnabled,
        routeBroadcastInterval,
        routeCleanupInterval,
        routeExpiry
      }
    })
    registerRoutingMetrics(deps(AccountStats).getRegistry(), () => this.metrics())
  }
}

function secretOf (configured: string, log: Logger): Buffer {
  if (configured === '') {
    log.info('generated random routing secret.')
    return randomBytes(SECRET_LENGTH)
  }
  log.info('loaded routing secret from config.')
  return Buffer.from(configured, 'base64')
}
