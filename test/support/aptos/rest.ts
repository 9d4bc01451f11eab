/** The requests that a node answers, `/v1` (aptos.dev, REST API of a fullnode; api/src of aptos-core). */
import { fromBcs, fromJson } from './arguments.js'
import { BcsError, BcsReader, canonical, hexOf } from './bcs.js'
import { Refusal, parsed, vmRefusal } from './chain.js'
import { execute, faultOf, prologueFaultOf } from './execute.js'
import { abiOf, isFrameworkModule, viewOf, type ViewFunction } from './functions.js'
import { committedJson, pendingJson, requestJson, simulatedJson } from './json.js'
import type { Reading } from './ledger.js'
import type { AptosNode } from './node.js'
import { resourceOf } from './resources.js'
import { isSigned, readEntryFunction } from './transaction.js'
import { balanceOf } from './tokens.js'

const BCS_TRANSACTION = 'application/x.aptos.signed_transaction+bcs'
const BCS_VIEW = 'application/x.aptos.view_function+bcs'
const PAGE = 25
const PAGE_AT_MOST = 100
/** `wait_by_hash` answers no later, also when nothing has come of the transaction (api configuration, `wait_by_hash_timeout_ms`). */
const WAIT_MS = 1000

export interface Request {
  readonly method: string
  /** Its parts. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly contentType: string
  readonly body: Uint8Array
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** @throws Refusal */
export async function answerRest (request: Request, node: AptosNode): Promise<Answer> {
  try {
    return await (request.method === 'POST' ? posted(request, node) : got(request, node))
  } catch (error) {
    if (error instanceof BcsError) throw new Refusal(400, 'invalid_input', error.message)
    throw error
  }
}

async function got (request: Request, node: AptosNode): Promise<Answer> {
  const [first, second, third, ...rest] = request.path
  if (first === undefined) return ok(ledgerInfo(node))
  if (first === 'estimate_gas_price') return ok(gasPrices(node))
  if (first === 'transactions' && third !== undefined && rest.length === 0) {
    if (second === 'by_hash') return ok(byHash(third, node))
    if (second === 'wait_by_hash') return ok(await waitByHash(third, node))
  }
  if (first === 'accounts' && second !== undefined) return ok(ofAccount(canonical(second), third, rest.join('/'), request, node))
  throw notThere(request)
}

function posted (request: Request, node: AptosNode): Answer {
  const path = request.path.join('/')
  if (path === 'view') return ok(viewed(request, node))
  if (path === 'transactions') return submitted(request, node)
  if (path === 'transactions/simulate') return ok(simulated(request, node))
  throw notThere(request)
}

function ok (body: unknown): Answer {
  return { status: 200, body }
}

function notThere ({ method, path }: Request): Refusal {
  return new Refusal(404, 'web_framework_error', `not found: ${method} /${path.join('/')}`)
}

function ledgerInfo (node: AptosNode): object {
  const { version, timestamp, height } = node.head
  return {
    chain_id: node.chainId,
    epoch: '1',
    ledger_version: String(version),
    oldest_ledger_version: String(node.chain.ledger.oldest),
    ledger_timestamp: String(timestamp),
    node_role: 'full_node',
    oldest_block_height: '0',
    block_height: String(height),
    git_hash: 'stand-in'
  }
}

function gasPrices ({ chain }: AptosNode): object {
  const price = Number(chain.gasFloor)
  return { deprioritized_gas_estimate: price, gas_estimate: price, prioritized_gas_estimate: price + Math.ceil(price / 2) }
}

function ofAccount (address: string, what: string | undefined, rest: string, request: Request, node: AptosNode): unknown {
  const state = node.stateAt(versionIn(request))
  switch (what) {
  case undefined: return accountJson(address, state, node)
  case 'resource': return resource(address, rest, state)
  case 'module': return moduleJson(address, rest, state, node)
  case 'balance': return balance(address, rest, state)
  case 'transactions': return accountTransactions(address, request, node)
  default: throw notThere(request)
  }
}

function accountJson (address: string, state: Reading, node: AptosNode): object {
  const account = state.get('account', address)
  if (account === undefined && !node.options.statelessAccounts) throw new Refusal(404, 'account_not_found', `Account not found by Address(${address})`)
  return { sequence_number: String(account?.sequence ?? 0n), authentication_key: account?.authenticationKey ?? address }
}

function resource (address: string, type: string, state: Reading): object {
  const data = resourceOf(state, address, type)
  if (data === undefined) throw new Refusal(404, 'resource_not_found', `Resource not found by Address(${address}), Struct tag(${type})`)
  return { type, data }
}

function moduleJson (address: string, name: string, state: Reading, node: AptosNode): object {
  const bytecode = state.get('module', `${address}::${name}`)
  if (bytecode !== undefined) return { bytecode: hexOf(node.faults.bytecode ?? bytecode), abi: abiOf(address, name) }
  if (isFrameworkModule(address, name)) return { bytecode: '0x', abi: abiOf(address, name) }
  throw new Refusal(404, 'module_not_found', `Module not found by Address(${address}), Module name(${name})`)
}

/** A number: balances in this answer are no text. */
function balance (address: string, asset: string, state: Reading): number {
  const paired = asset.includes('::') ? state.get('paired', asset) : canonical(asset)
  return Number(paired === undefined ? 0n : balanceOf(state, address, paired))
}

function accountTransactions (address: string, { query }: Request, node: AptosNode): object[] {
  const start = Number(query.get('start') ?? '0')
  const limit = Math.min(Number(query.get('limit') ?? PAGE), PAGE_AT_MOST)
  const known = node.chain.transactionsOf(address).filter(({ version }) => version <= node.head.version)
  return known.filter(({ tx }) => tx.sequence >= BigInt(start)).slice(0, limit).map(each => committedJson(each, node.stateAt()))
}

function versionIn ({ query }: Request): number | undefined {
  const text = query.get('ledger_version')
  if (text === null) return undefined
  if (!/^\d+$/.test(text)) throw new Refusal(400, 'web_framework_error', `failed to parse parameter ledger_version: "${text}"`)
  return Number(text)
}

function byHash (hash: string, node: AptosNode): object {
  const committed = node.chain.transaction(hash.toLowerCase())
  if (committed !== undefined && committed.version <= node.head.version) return committedJson(committed, node.stateAt())
  const pending = node.chain.pending(hash.toLowerCase()) ?? committed?.tx
  if (pending === undefined) throw new Refusal(404, 'transaction_not_found', `Transaction not found by Transaction hash(${hash})`)
  return pendingJson(pending, node.stateAt())
}

/** Waits while the transaction is pending, as long as a node does. */
async function waitByHash (hash: string, node: AptosNode): Promise<object> {
  const until = Date.now() + WAIT_MS
  for (;;) {
    const answer = byHash(hash, node)
    if (!('type' in answer) || answer.type !== 'pending_transaction' || Date.now() >= until) return answer
    await nextBlock(node, until - Date.now())
  }
}

async function nextBlock ({ chain }: AptosNode, atMostMs: number): Promise<void> {
  await new Promise<void>(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      chain.off('block', done)
      resolve()
    }
    const timer = setTimeout(done, atMostMs)
    chain.on('block', done)
  })
}

function submitted (request: Request, node: AptosNode): Answer {
  const state = node.stateAt()
  const tx = node.faults.swallows ? parsed(bcsIn(request)) : node.chain.submit(bcsIn(request))
  return { status: 202, body: { hash: tx.hash, ...requestJson(tx, state) } }
}

function bcsIn ({ contentType, body }: Request): Uint8Array {
  if (contentType !== BCS_TRANSACTION) throw new Refusal(415, 'web_framework_error', `the content type "${contentType}" is not known here: ${BCS_TRANSACTION}`)
  return body
}

function simulated (request: Request, node: AptosNode): object[] {
  const tx = parsed(bcsIn(request))
  if (isSigned(tx)) throw new Refusal(400, 'invalid_input', 'Simulated transactions must not have a valid signature')
  const state = node.stateAt()
  const surroundings = { chainId: node.chainId, now: node.head.timestamp / 1_000_000n }
  const refusal = prologueFaultOf(tx, state, surroundings)
  if (refusal !== undefined) throw vmRefusal(refusal)
  return [simulatedJson(tx, execute(tx, state, surroundings), node.head.version, node.head.timestamp, state)]
}

function viewed (request: Request, node: AptosNode): unknown[] {
  const state = node.stateAt(versionIn(request))
  const { address, module, name, args } = request.contentType === BCS_VIEW ? bcsCall(request.body, state) : jsonCall(request.body, state)
  const told = node.faults.lies.get(`${module}::${name}`)
  const lie = typeof told === 'function' ? told(args.values) : told
  if (lie !== undefined) return lie
  let answer: unknown[] = []
  const fault = faultOf(() => { answer = args.view.run(state, args.values) }, address)
  if (fault !== undefined) throw new Refusal(400, 'invalid_input', fault, 4016)
  return answer
}

interface Call {
  readonly address: string
  readonly module: string
  readonly name: string
  readonly args: { readonly view: ViewFunction, readonly values: ReturnType<typeof fromBcs> }
}

function bcsCall (body: Uint8Array, state: Reading): Call {
  const reader = new BcsReader(body)
  const { address, module, name, typeArguments, args } = readEntryFunction(reader)
  reader.end()
  const view = known(state, address, module, name)
  return { address, module, name, args: { view, values: fromBcs(view.parameters, typeArguments, args) } }
}

function jsonCall (body: Uint8Array, state: Reading): Call {
  const { function: called, type_arguments: types, arguments: args } = jsonIn(body)
  const [address = '', module = '', name = ''] = typeof called === 'string' ? called.split('::') : []
  if (!Array.isArray(types) || !Array.isArray(args)) throw new BcsError('a view needs type_arguments and arguments')
  const view = known(state, canonical(address), module, name)
  return { address: canonical(address), module, name, args: { view, values: fromJson(view.parameters, types.map(String), args) } }
}

function jsonIn (body: Uint8Array): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString())
    if (typeof parsed === 'object' && parsed !== null) return { ...parsed }
  } catch {}
  throw new BcsError('the body is no JSON object')
}

function known (state: Reading, address: string, module: string, name: string): ViewFunction {
  const view = viewOf(state, { address, module, name })
  if (view === undefined) throw new BcsError(`could not find a view function ${address}::${module}::${name}`)
  return view
}
