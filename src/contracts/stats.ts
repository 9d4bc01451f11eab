/** Counters and gauges that middlewares feed; served as Prometheus metrics and by the admin API. */
import type { AccountInfo } from './account.js'

export interface AccountRef {
  accountId: string
  accountInfo: AccountInfo
}

export interface AccountCounter {
  /** `value` (default 1) may be money, hence bigint. */
  increment (account: AccountRef, labels: Readonly<Record<string, string>>, value?: number | bigint): void
}

export interface AccountGauge {
  setValue (account: AccountRef, labels: Readonly<Record<string, string>>, value: number | bigint): void
}

export interface Stats {
  readonly incomingDataPackets: AccountCounter
  readonly incomingDataPacketValue: AccountCounter
  readonly outgoingDataPackets: AccountCounter
  readonly outgoingDataPacketValue: AccountCounter
  readonly incomingMoney: AccountGauge
  readonly outgoingMoney: AccountGauge
  readonly rateLimitedPackets: AccountCounter
  readonly rateLimitedMoney: AccountCounter
  /** By their `code`, whoever the Reject comes from. An application's own stats may have none. */
  readonly rejects?: AccountCounter
  readonly balance: AccountGauge
}
