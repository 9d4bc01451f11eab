/** A connector with an explorer's feed, and what the feed has told. */
import type { AccountInfo } from '../../src/contracts/account.js'
import type { EventType, ExplorerEvent } from '../../src/contracts/explorer-events.js'
import { Feed } from '../../src/explorer/feed.js'
import { makeConnector, type Options, type TestConnector } from './connector.js'

export interface ExploredConnector extends TestConnector {
  feed: Feed
  endSubscription: () => void
  /** What somebody who looks on was told, in order. */
  events: ExplorerEvent[]
  /** Those of one type. */
  of: <Type extends EventType>(type: Type) => Array<Extract<ExplorerEvent, { type: Type }>>
}

function isOf<Type extends EventType> (event: ExplorerEvent, type: Type): event is Extract<ExplorerEvent, { type: Type }> {
  return event.type === type
}

/** Not started yet; its feed is. */
export function makeExplored (
  accounts: Record<string, AccountInfo>, options: Options = {}, { payloads = false }: { payloads?: boolean } = {}
): ExploredConnector {
  const connector = makeConnector(accounts, options)
  const feed = connector.container(Feed)
  const events: ExplorerEvent[] = []
  feed.start({ nodeId: 'node', payloads })
  const endSubscription = feed.subscribe(event => { events.push(event) }, 'live')
  return { ...connector, feed, endSubscription, events, of: type => events.filter(event => isOf(event, type)) }
}
