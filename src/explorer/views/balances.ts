/** What is between us and each peer, how much room is left, and how long that lasts. */
import type { Traffic } from '../../contracts/explorer-events.js'
import type { BalanceView, OpenSettlement } from '../../contracts/explorer.js'
import { isAmount, settlementStateOf } from '../balances.js'
import type { ViewParts } from './facts.js'

/** Less than this says nothing about how it goes on. */
const SPAN_LEAST_MS = 10_000
/** Further ahead nobody can see. */
const SECONDS_MAX = 30 * 24 * 3600

/** Undefined while no balances are kept. */
export function balanceViews (parts: ViewParts): BalanceView[] | undefined {
  if (parts.middlewares.getMiddleware('balance') === undefined) return undefined
  const pace = paceOf(parts.feed.recent(), Date.now())
  return parts.accounts.getAccountIds().filter(id => !parts.door.isOwn(id)).flatMap(id => balanceView(id, parts, pace) ?? [])
}

/** By account: base units in a second that its packets add to what it owes. */
export type Pace = ReadonlyMap<string, number>

/** As the last five minutes went. */
export function paceOf (recent: readonly Traffic[], now: number): Pace {
  const [first] = recent
  const span = first === undefined ? 0 : now - (first.timestamp - first.seconds * 1000)
  const sums = new Map<string, bigint>()
  for (const { accounts } of recent) {
    for (const { peerId, received, sent } of accounts) {
      sums.set(peerId, (sums.get(peerId) ?? 0n) + BigInt(received.amount) - BigInt(sent.amount))
    }
  }
  return new Map([...sums].map(([peerId, sum]) => [peerId, span < SPAN_LEAST_MS ? 0 : Number(sum) * 1000 / span]))
}

export function balanceView (accountId: string, { accounts, ledger }: Pick<ViewParts, 'accounts' | 'ledger'>, pace: Pace): BalanceView | undefined {
  const info = accounts.getInfo(accountId)
  const book = ledger.ledger.balanceOf(accountId)
  if (book === undefined) return undefined
  const { balance, incomingHolds, outgoingHolds, prepaid, settling, limits: { minimum, maximum } } = book
  const { settleThreshold, settleTo } = info.balance ?? {}
  const roomIn = maximum === undefined ? undefined : positive(maximum - balance - incomingHolds)
  const roomOut = minimum === undefined ? undefined : positive(balance + outgoingHolds + prepaid - minimum)
  const seconds = roomIn === undefined ? undefined : secondsUntilFull(roomIn, pace.get(accountId) ?? 0)
  return {
    peerId: accountId,
    tokenId: accounts.getPlugin(accountId).channels?.().tokenId ?? info.assetCode,
    assetCode: info.assetCode,
    assetScale: info.assetScale,
    balance: String(balance),
    incomingHolds: String(incomingHolds),
    outgoingHolds: String(outgoingHolds),
    ...(minimum !== undefined && { minimum: String(minimum) }),
    ...(maximum !== undefined && { maximum: String(maximum) }),
    ...(isAmount(settleThreshold) && { settleThreshold }),
    ...(isAmount(settleThreshold) && { settleTo: settleTo ?? '0' }),
    prepaid: String(prepaid),
    settling: String(settling),
    settlementState: settlementStateOf(book, info),
    ...(roomIn !== undefined && { roomIn: String(roomIn) }),
    ...(roomOut !== undefined && { roomOut: String(roomOut) }),
    ...(seconds !== undefined && { fullInSeconds: seconds })
  }
}

export function openSettlements ({ accounts, ledger }: Pick<ViewParts, 'accounts' | 'ledger'>): OpenSettlement[] {
  return accounts.getAccountIds().flatMap(accountId => {
    const settlement = ledger.ledger.balanceOf(accountId)?.settlement
    if (settlement === undefined) return []
    const { assetCode, assetScale } = accounts.getInfo(accountId)
    const { id, amount, createdAt, state } = settlement
    return [{ id, peerId: accountId, amount: String(amount), createdAt, state, assetCode, assetScale }]
  })
}

function secondsUntilFull (room: bigint, perSecond: number): number | undefined {
  if (room === 0n) return 0
  const seconds = perSecond > 0 ? Math.floor(Number(room) / perSecond) : Infinity
  return seconds <= SECONDS_MAX ? seconds : undefined
}

function positive (amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}
