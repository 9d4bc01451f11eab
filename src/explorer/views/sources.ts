/** All that the explorer shows of the connector beside events, made from its parts at the moment when somebody asks. */
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks'
import type { ExplorerEvent } from '../../contracts/explorer-events.js'
import type {
  BalanceView, ConfigView, ExplorerSources, OpenSettlement, Overview, PeerView, RatesView, RouteExplanation, RouteQuery, RouteView
} from '../../contracts/explorer.js'
import type { AccountInfo } from '../../contracts/account.js'
import { describeError } from '../../lib/describe-error.js'
import { version } from '../../lib/version.js'
import { Briefly } from '../thrift.js'
import { attentionTo } from './attention.js'
import { balanceView, balanceViews, openSettlements, paceOf } from './balances.js'
import { channelsView, type ChannelsView } from './channels.js'
import type { ViewParts } from './facts.js'
import { Presence } from './presence.js'
import { explainRoute, prefixesByAccount, routeViews } from './routes.js'
import { perUnit } from './rates.js'
import { sentenceFor } from './sentence.js'

/** How old an answer of a chain may be, and a table of rates. */
const CHAINS_MS = 10_000
const RATES_MS = 10_000
/** How long the overview waits for chains: it shows what was known before. */
const PATIENCE_MS = 1500
const RESOLUTION_MS = 20
const LOOP_WINDOW_MS = 60_000
/** Assets in the table of rates: it has as many rows as pairs. */
const RATED_ASSETS_MAX = 20

export class NodeSources implements ExplorerSources {
  readonly #presence = new Presence()
  readonly #chains = new Briefly<ChannelsView>(CHAINS_MS)
  readonly #rates = new Briefly<RatesView>(RATES_MS)
  #lastChannels: ChannelsView = { channels: [], wallets: [] }
  readonly #startedAt = Date.now()
  #loop: IntervalHistogram | undefined
  #loopReset: NodeJS.Timeout | undefined

  constructor (private readonly parts: ViewParts) {}

  start (): void {
    this.#loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    this.#loop.enable()
    this.#loopReset = setInterval(() => { this.#loop?.reset() }, LOOP_WINDOW_MS).unref()
  }

  stop (): void {
    clearInterval(this.#loopReset)
    this.#loop?.disable()
    this.#loop = undefined
  }

  /** Looks at an event of the feed. */
  note (event: ExplorerEvent): void {
    this.#presence.note(event)
  }

  async overview (): Promise<Overview> {
    const { accounts, ledger, middlewares, backend, feed, history, door } = this.parts
    const now = Date.now()
    const peers = this.peers()
    const balances = peers.flatMap(({ balance }) => balance ?? [])
    const { channels, wallets } = await this.#channelsInTime()
    const { trouble: ledgerTrouble } = ledger.getStatus()
    const { trouble: historyTrouble, lost } = history.status()
    const recent = feed.recent()
    const status = door.status()
    const worst = this.#worstDelay()
    return {
      nodeId: door.nodeId,
      ilpAddress: accounts.getOwnAddress(),
      version,
      environment: door.environment,
      status,
      startedAt: this.#startedAt,
      sentence: sentenceFor({ status, ledgerTrouble, peers, balances, recent, now }),
      attention: attentionTo({
        peers, balances, channels, wallets, settlements: this.settlements(), prices: backend.prices?.report(), ledgerTrouble,
        historyTrouble, eventsLost: lost, others: door.attention(), now
      }, door.commands),
      peersConnected: peers.filter(({ connected }) => connected).length,
      peersTotal: peers.length,
      earned: feed.earned(),
      ...(worst !== undefined && { eventLoopDelay: worst }),
      inFlight: middlewares.overload.count
    }
  }

  balances (): BalanceView[] | undefined {
    return balanceViews(this.parts)
  }

  peers (): PeerView[] {
    const { accounts, door, feed } = this.parts
    const pace = paceOf(feed.recent(), Date.now())
    const prefixes = prefixesByAccount(this.parts)
    return accounts.getAccountIds().filter(id => !door.isOwn(id)).map(peerId => {
      const info = accounts.getInfo(peerId)
      const since = this.#presence.since(peerId)
      const balance = balanceView(peerId, this.parts, pace)
      return {
        ...door.peer(peerId, info),
        peerId,
        ilpAddress: prefixes.get(peerId) ?? '',
        connected: accounts.isConnected(peerId),
        ...(since !== undefined && { since }),
        plugin: pluginNameOf(info),
        assetCode: info.assetCode,
        assetScale: info.assetScale,
        ...(balance !== undefined && { balance })
      }
    })
  }

  routes (query: RouteQuery): { routes: RouteView[], total: number } {
    return routeViews(this.parts, query)
  }

  settlements (): OpenSettlement[] {
    return openSettlements(this.parts)
  }

  explain (destination: string): Promise<RouteExplanation> {
    return explainRoute(destination, this.parts)
  }

  async channels (): Promise<ChannelsView> {
    return this.#lastChannels = await this.#chains.get('', () => channelsView(this.parts))
  }

  rates (): Promise<RatesView> {
    return this.#rates.get('', () => this.#ratesNow())
  }

  config (): ConfigView {
    const audit = this.parts.door.auditHead()
    return { settings: this.parts.door.settings(), ...(audit !== undefined && { audit }) }
  }

  /** ms. */
  #worstDelay (): number | undefined {
    if (this.#loop === undefined || this.#loop.count === 0) return undefined
    return Math.max(0, Math.round(this.#loop.max / 1e6) - RESOLUTION_MS)
  }

  /** Of each two assets that accounts count in, the rate of one pair of accounts. */
  async #ratesNow (): Promise<RatesView> {
    const { accounts, backend, backendName, spread } = this.parts
    const byAsset = new Map<string, { id: string, scale: number }>()
    for (const id of accounts.getAccountIds()) {
      const { assetCode, assetScale: scale } = accounts.getInfo(id)
      if (byAsset.size < RATED_ASSETS_MAX && !byAsset.has(assetCode)) byAsset.set(assetCode, { id, scale })
    }
    const pairs: RatesView['pairs'] = []
    const troubles: string[] = []
    for (const [from, source] of byAsset) {
      for (const [to, destination] of byAsset) {
        if (from === to) continue
        try {
          pairs.push({ from, to, rate: perUnit(await backend.getRate(source.id, destination.id), source.scale, destination.scale) })
        } catch (error) {
          troubles.push(`${from}/${to}: ${describeError(error)}`)
        }
      }
    }
    const prices = backend.prices?.report()
    return { backend: backendName, spread: `${Number((spread * 100).toPrecision(12))} %`, pairs, troubles, ...(prices !== undefined && { prices }) }
  }

  async #channelsInTime (): Promise<ChannelsView> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<ChannelsView>(resolve => { timer = setTimeout(() => { resolve(this.#lastChannels) }, PATIENCE_MS) })
    try {
      return await Promise.race([this.channels(), late])
    } finally {
      clearTimeout(timer)
    }
  }
}

function pluginNameOf ({ plugin }: AccountInfo): string {
  return typeof plugin === 'string' ? plugin : 'an instance'
}
