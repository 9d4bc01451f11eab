/**
 * What a node of the stand-in does wrong, or has to suffer. All fields are plain data, so that tests set them over HTTP; they hold until
 * set back.
 */

/** One misdeed at a request. */
export interface RequestFault {
  /** Only requests whose text has this, such as `sendZkapp`; all when absent. */
  contains?: string
  /**
   * - `loseAnswer`: does what is asked, and cuts the connection. `loseRequest`: cuts it before. `hang`: never answers, and does nothing.
   * - `status`: answers with HTTP 503 and a page of HTML. `garbage`: answers with text that is no JSON.
   * - `error`: answers with a GraphQL error.
   */
  does: 'loseAnswer' | 'loseRequest' | 'hang' | 'status' | 'garbage' | 'error'
  /** How often; forever when absent. */
  times?: number
}

export interface Faults {
  /** The node shows the chain as it was so many blocks ago, and still says that it is synced. */
  behind: number
  /** It shows no block above this height; null: all. */
  standsAt: number | null
  /** It is so far behind: its blocks, also the newest, are that much older. */
  lateMs: number
  /** `SYNCED`, `CATCHUP`, `BOOTSTRAP`, `OFFLINE`, `CONNECTING`, `LISTENING`. */
  syncStatus: string
  networkId: string | undefined
  chainId: string | undefined
  /** Lies about accounts, by address: these fields of `account` instead of the true ones; null: there is no such account. */
  accounts: Record<string, Record<string, unknown> | null>
  /** Its blocks have other hashes than those of other nodes: it is on a fork of its own. */
  otherHashes: boolean
  /** It acknowledges so many of the next commands, and forgets them. */
  forgets: number
  requests: RequestFault[]
}

export function noFaults (): Faults {
  return {
    behind: 0, standsAt: null, lateMs: 0, syncStatus: 'SYNCED', networkId: undefined, chainId: undefined, accounts: {}, otherHashes: false, forgets: 0, requests: []
  }
}

/** What happens to a request, if anything. */
export function faultAt (faults: Faults, text: string): RequestFault['does'] | undefined {
  const fault = faults.requests.find(({ contains = '' }) => text.includes(contains))
  if (fault?.times !== undefined && --fault.times <= 0) faults.requests = faults.requests.filter(each => each !== fault)
  return fault?.does
}
