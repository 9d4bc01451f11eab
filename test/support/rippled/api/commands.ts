/** Finds the command of a request, and wraps its result or its error up as rippled does (xrpl.org, "response formatting"). */
import { accountChannels, accountInfo, channelVerify, ledgerEntry } from './account-commands.js'
import { ApiError } from './errors.js'
import { feature, fee, ledger, serverInfo, serverState, version } from './server-commands.js'
import type { Subscriptions } from './subscriptions.js'
import { accountTx, submit, tx, type BadHashes } from './transaction-commands.js'
import type { Fields, Vantage } from './vantage.js'

/** What a command may use. */
export interface Session {
  readonly vantage: Vantage
  readonly subscriptions: Subscriptions
  readonly bad: BadHashes
}

type Command = (request: Fields, session: Session, apiVersion: number) => Fields

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['server_info', (_, { vantage }) => serverInfo(vantage)],
  ['server_state', (_, { vantage }) => serverState(vantage)],
  ['fee', (_, { vantage }) => fee(vantage)],
  ['ledger', (request, { vantage }) => ledger(request, vantage)],
  ['ledger_current', (_, { vantage }) => ({ ledger_current_index: vantage.currentIndex })],
  ['feature', (_, { vantage }) => feature(vantage)],
  ['version', () => version()],
  ['ping', () => ({})],
  ['account_info', (request, { vantage }, apiVersion) => accountInfo(request, vantage, apiVersion)],
  ['account_channels', (request, { vantage }) => accountChannels(request, vantage)],
  ['ledger_entry', (request, { vantage }) => ledgerEntry(request, vantage)],
  ['channel_verify', request => channelVerify(request)],
  ['submit', (request, { vantage, bad }) => submit(request, vantage, bad)],
  ['tx', (request, { vantage }, apiVersion) => tx(request, vantage, apiVersion)],
  ['account_tx', (request, { vantage }, apiVersion) => accountTx(request, vantage, apiVersion)],
  ['subscribe', (request, { vantage, subscriptions }, apiVersion) => subscriptions.subscribe(request, vantage, apiVersion)],
  ['unsubscribe', (request, { subscriptions }) => subscriptions.unsubscribe(request)]
])
/** These work while the server knows no network. */
const WITHOUT_NETWORK = new Set(['server_info', 'server_state', 'version', 'ping', 'feature', 'channel_verify', 'unsubscribe'])
const OUT_OF_SYNC = new Set(['disconnected', 'connected'])
const DEFAULT_VERSION = 1
const LAST_VERSION = 2

/** The answer to a request. */
export function answerTo (request: Fields, session: Session): Fields {
  const { id, api_version: named } = request
  const apiVersion = typeof named === 'number' ? named : DEFAULT_VERSION
  const common = { ...id === undefined ? {} : { id }, type: 'response', ...named === undefined ? {} : { api_version: named } }
  const clio = session.vantage.faults.clio === undefined ? {} : { warnings: [{ id: 2001, message: 'This is a clio server.' }] }
  try {
    return { ...common, status: 'success', result: run(request, session, apiVersion), ...clio }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { ...common, status: 'error', ...error.fields(), request }
  }
}

/** The answer to a request that the server refuses for a reason of its own. */
export function refusalOf (request: Fields, token: string): Fields {
  const { id, api_version: named } = request
  return { id, type: 'response', ...named === undefined ? {} : { api_version: named }, status: 'error', ...new ApiError(token).fields(), request }
}

function run (request: Fields, session: Session, apiVersion: number): Fields {
  if (apiVersion < 1 || apiVersion > LAST_VERSION) throw new ApiError('invalid_API_version')
  const name = typeof request.command === 'string' ? request.command : ''
  const command = COMMANDS.get(name)
  if (command === undefined) throw new ApiError('unknownCmd')
  if (OUT_OF_SYNC.has(session.vantage.faults.serverState) && !WITHOUT_NETWORK.has(name)) throw new ApiError(apiVersion === 1 ? 'noNetwork' : 'notSynced')
  return command(request, session, apiVersion)
}
