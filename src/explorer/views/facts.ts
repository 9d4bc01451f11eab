/** What the views are made from: parts of the connector, and what only the door knows through which it was started. */
import type { AccountInfo } from '../../contracts/account.js'
import type { Environment } from '../../contracts/chain-kind.js'
import type { EventFeed, EventHistory } from '../../contracts/explorer-events.js'
import type { AttentionEntry, ConfigView, PeerView } from '../../contracts/explorer.js'
import type { Accounts } from '../../accounts/accounts.js'
import type { RateBackend } from '../../forwarding/rate-backend.js'
import type { LedgerService } from '../../ledger/service.js'
import type { MiddlewareManager } from '../../pipeline/middleware-manager.js'
import type { Router } from '../../routing/router.js'

/** How something is done by hand, as a command to copy. */
export interface Commands {
  redeem (channelId: string): string
  settlements (): string
  balances (): string
}

export interface DoorFacts {
  nodeId: string
  environment: Environment
  /** In one word, such as `healthy`. */
  status (): string
  /** Accounts of the application itself, which are nobody's peers. */
  isOwn (accountId: string): boolean
  /** What the configuration says of a peer besides its account. */
  peer (accountId: string, account: AccountInfo): Pick<PeerView, 'relation' | 'isGuest' | 'btpUrl'> & Partial<PeerView>
  /** What is in effect, without secrets. */
  settings (): ConfigView['settings']
  /** Undefined: there is no audit log, or nothing was written to it since the start. */
  auditHead (): ConfigView['audit']
  /** What else needs a look. */
  attention (): AttentionEntry[]
  commands: Commands
}

export interface ViewParts {
  accounts: Pick<Accounts, 'getAccountIds' | 'getInfo' | 'getPlugin' | 'isConnected' | 'exists' | 'getOwnAddress'>
  ledger: Pick<LedgerService, 'ledger' | 'getStatus'>
  middlewares: Pick<MiddlewareManager, 'getMiddleware' | 'overload'>
  routing: Pick<Router, 'prefixes' | 'choice' | 'resolve'>
  backend: Pick<RateBackend, 'getRate' | 'prices'>
  backendName: string
  spread: number
  feed: EventFeed
  history: Pick<EventHistory, 'status'>
  door: DoorFacts
}
