/** The configured backend, wrapped so that it cannot harm packets: its rates are checked, and its reports cannot change an answer. */
import type { Injector } from 'reduct'
import { Accounts } from '../accounts/accounts.js'
import { StoreService } from '../accounts/store-service.js'
import { Config } from '../config/connector/config.js'
import { SluiceError } from '../contracts/errors.js'
import type { Logger } from '../contracts/logger.js'
import type { Prices } from '../contracts/prices.js'
import { loadConstructor } from '../modules/load-module.js'
import { describeError } from '../lib/describe-error.js'
import { InternalError, isErrorCode } from '../packet/errors.js'
import type { Backend, BackendConstructor, PacketReport, PaymentReport, Rate } from '../contracts/backend.js'

export class RateBackend implements Backend {
  /** Undefined where the backend does not want to hear of packets. */
  readonly submitPacket?: (packet: PacketReport) => Promise<void>
  /** Undefined where it does not want to hear of payments either. */
  readonly submitPayment?: (payment: PaymentReport) => Promise<void>
  private readonly backend: Backend
  private readonly accounts: Accounts
  private readonly log: Logger

  constructor (deps: Injector) {
    const config = deps(Config)
    const { backend, backendConfig, spread } = config
    this.log = config.createLogger('rate-backend')
    const accounts = this.accounts = deps(Accounts)
    const Implementation = loadConstructor('backend', backend || 'one-to-one') as BackendConstructor
    this.backend = new Implementation({ spread, ...backendConfig }, {
      getInfo: accountId => accounts.getInfo(accountId),
      getAccountIds: () => accounts.getAccountIds(),
      accounts,
      store: deps(StoreService).getBackendStore(),
      log: config.createLogger(`${backend}-backend`, backendConfig)
    })
    if (typeof this.backend.submitPacket === 'function') this.submitPacket = packet => this.backend.submitPacket?.(packet) ?? Promise.resolve()
    if (typeof this.backend.submitPayment === 'function') this.submitPayment = payment => this.backend.submitPayment?.(payment) ?? Promise.resolve()
  }

  async connect (): Promise<void> {
    await this.backend.connect()
  }

  async disconnect (): Promise<void> {
    await this.backend.disconnect?.()
  }

  /** Undefined if the backend has none. */
  get prices (): Prices | undefined {
    return this.backend.prices
  }

  getRate (sourceAccount: string, destinationAccount: string): Promise<Rate> {
    return this.backend.getRate(sourceAccount, destinationAccount)
  }

  /** The rates between all pairs of accounts; a pair without one is left out. */
  async getStatus (): Promise<Record<string, Record<string, Rate>>> {
    const ids = this.accounts.getAccountIds()
    const rates: Record<string, Record<string, Rate>> = Object.create(null) as Record<string, Record<string, Rate>>
    for (const source of ids) {
      const row = rates[source] = Object.create(null) as Record<string, Rate>
      for (const destination of ids) {
        if (source === destination) continue
        try {
          row[destination] = await this.getRate(source, destination)
        } catch (error) {
          this.log.warn('no rate between accounts. source=%s destination=%s error=%s', source, destination, describeError(error))
        }
      }
    }
    return rates
  }
}

/** The prices of the backend, which an application may have replaced by its own. Throws with a code if it has none. */
export function pricesOf ({ prices }: Pick<Backend, 'prices'>): Prices {
  if (prices !== undefined) return prices
  throw new SluiceError('SLUICE_NO_PRICES', 'the backend has no prices: it does not trade at any. Those that have are market, and ecb and its variants.')
}

/** What a sender is told when there is no rate: the backend's own ILP error, or T00 without the inner text, which is not its business. */
export function noRate (error: unknown, sourceAccount: string, destinationAccount: string, log: Logger): unknown {
  if (isErrorCode((error as { ilpErrorCode?: unknown } | null | undefined)?.ilpErrorCode)) return error
  log.error('could not get rate. source=%s destination=%s error=%s', sourceAccount, destinationAccount, describeError(error))
  return new InternalError('no exchange rate available.')
}

/** Tells the backend of an answered packet. Whatever it does with that, the answer stands. */
export function report (backend: Backend, packet: () => PacketReport, payment: (() => PaymentReport) | undefined, log: Logger): void {
  if (backend.submitPacket !== undefined) guarded('packet', () => backend.submitPacket?.(packet()), log)
  if (payment !== undefined) guarded('payment', () => backend.submitPayment?.(payment()), log)
}

function guarded (what: string, submit: () => Promise<void> | undefined, log: Logger): void {
  const failed = (error: unknown): void => log.error('error while submitting %s to backend. error=%s', what, describeError(error))
  try {
    Promise.resolve(submit()).catch(failed)
  } catch (error) {
    failed(error)
  }
}
