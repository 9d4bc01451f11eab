/** Since when each peer has been here, or away: connections say only whether they are. */
import type { ExplorerEvent } from '../../contracts/explorer-events.js'

export class Presence {
  readonly #since = new Map<string, number>()

  /** Looks at an event of the feed. */
  note (event: ExplorerEvent): void {
    if (event.type === 'PEER_CONNECTED' || event.type === 'PEER_DISCONNECTED') this.#since.set(event.peerId, event.timestamp)
    else if (event.type === 'PEER_REMOVED') this.#since.delete(event.peerId)
  }

  /** ms since the epoch; undefined if it has not changed since the explorer is there. */
  since (accountId: string): number | undefined {
    return this.#since.get(accountId)
  }
}
