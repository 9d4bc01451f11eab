/**
 * The parts of an account for each address of its peer: the one that is configured and paid, and those that it had before, whose
 * channels are looked after until they are settled. What is kept of each is kept by chain, contract and both addresses, so that another
 * chain, contract, key or peer never meets the records of this one.
 */
import type { PluginServices, SettlementRecords } from '../../../src/contracts/plugin.js'
import { migrate } from './migrate.js'
import { openParts } from './parts.js'
import type { Parts, PartsDeps } from './parts.js'

/** What each of the addresses gets is found here. */
export interface AccountPartsDeps extends Omit<PartsDeps, 'store' | 'books' | 'signed' | 'booksId' | 'setUnsettled'> {
  services: PluginServices
}

export interface AccountParts {
  present: Parts
  /** With those of former addresses. */
  all (): Parts[]
  start (): Promise<void>
  stop (): Promise<void>
  /** What would be lost if nobody looked after it any more. */
  unsettled (): string[]
  /** Whether a former address was paid under this id. Throws while that is not known: else it could be paid twice. */
  isPaidBefore (id: string): boolean
}

/** A peer that changes its address more often, with channels open, has to wait. */
const MAX_FORMER = 8

/** Rejects when what was kept cannot be read, or is of other channels that are not settled, and says what to do. */
export async function openAccountParts (deps: AccountPartsDeps): Promise<AccountParts> {
  const { chain: { provider }, settings, services, log } = deps
  const { chain, contract, peerAddress, units } = settings
  const ownAddress = provider.address
  const records = services.settlements ?? withoutConnector(services)
  const partiesWith = (peer: string): string => `${chain} ${contract} ${peer} ${ownAddress}`
  const storeOf = (peer: string): ReturnType<SettlementRecords['storeOf']> => records.storeOf(partiesWith(peer))
  const wasUsedWith = (peer: string): Promise<boolean> => deps.chain.wasUsedWith(peer)
  const moved = await migrate({ from: services.store, to: storeOf, ownAddress, peerAddress, units, wasUsedWith })
  const kept = [...records.unsettled()].map(([parties, what]) => formerPeer(parties, what, partiesWith))
  const former = [...new Set([...moved, ...kept])].filter(peer => peer !== peerAddress)
  if (former.length > MAX_FORMER) {
    throw new Error(`the channels of ${former.length} former addresses of the peer are not settled, at most ${MAX_FORMER} are looked after. Put an earlier address back until they are`)
  }
  const booksId = (): string => `${services.books?.id ?? ''} ${services.account?.id ?? ''}`
  const open = async (peer: string): Promise<Parts> => await openParts({
    ...deps,
    settings: { ...settings, peerAddress: peer, isFormer: peer !== peerAddress },
    store: storeOf(peer),
    books: services.books,
    signed: services.signed,
    booksId,
    setUnsettled: what => records.setUnsettled(partiesWith(peer), what)
  })
  const present = await open(peerAddress)
  const formers: Parts[] = []
  for (const peer of former) {
    log.warn('the peer has another address than before: the channels of the former one are redeemed, closed and settled. former=%s now=%s', peer, peerAddress)
    formers.push(await open(peer))
  }
  return partsOf(present, formers)
}

function partsOf (present: Parts, formers: readonly Parts[]): AccountParts {
  const all = [present, ...formers]
  return {
    present,
    all: () => all,
    unsettled: () => all.flatMap(parts => parts.unsettled() ?? []),
    isPaidBefore: id => {
      const { outgoing } = formers.find(({ outgoing }) => outgoing.knows(id)) ?? {}
      if (outgoing === undefined || outgoing.hasPaid(id)) return outgoing !== undefined
      throw new Error('the claim that pays this is on a channel with the peer\'s former address, and waits for its end')
    },
    start: async () => {
      for (const { records, prepaid, watcher } of all) {
        records.reopen()
        await prepaid.resume()
        watcher.start()
      }
    },
    stop: async () => {
      await Promise.all([present.provider.disconnect(), ...all.map(({ watcher }) => watcher.stop())])
      for (const { records, channels, incoming, outgoing, note } of all) {
        // What is not kept of this is found out again at the next start.
        await Promise.all([note(), channels.save(), incoming.save(), outgoing.save()]).catch(() => undefined)
        await records.close()
      }
    }
  }
}

/** Whose unsettled channels these are. @throws Error where nobody here can look after them */
function formerPeer (parties: string, what: string, partiesWith: (peer: string) => string): string {
  const peer = parties.split(' ').at(-2) ?? ''
  if (partiesWith(peer) === parties) return peer
  const [chain, contract, peerAddress, ownAddress] = parties.split(' ')
  throw new Error('the account has payment channels that are not settled, on another chain or contract, or of another key, than are configured now. ' +
    `Put those back until they are closed and settled, or give the account another id. chain=${chain} contract=${contract} peerAddress=${peerAddress} ` +
    `ownAddress=${ownAddress} unsettled=${what}`)
}

/** For a plugin that somebody else than the connector makes: all in its one store, and nobody who would remove the account. */
function withoutConnector ({ store }: PluginServices): SettlementRecords {
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
    setUnsettled: () => Promise.resolve(),
    unsettled: () => new Map()
  }
}
