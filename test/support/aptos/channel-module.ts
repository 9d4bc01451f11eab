/** plugins/aptos/move/sources/channel.move, once more in TypeScript: entry functions and views of a deployment of it. */
import { hexOf, short, u64 } from './bcs.js'
import type { Entries, Execution, Views } from './functions.js'
import type { ChannelEntry, Reading } from './ledger.js'
import { Abort, ERRORS, addDeposit, close, closeTogether, entitled, newChannel, redeem, setKey, settle, partySide, withdraw, type Side } from './rules.js'
import { sha3 } from './signatures.js'
import { assetOf, primaryStoreOf, put, take } from './tokens.js'

const VERSION = '1'
const LISTED_AT_MOST = 100n
const STATES = { open: 0, closing: 1, settled: 2 }
/** Of addresses that a transaction makes up (transaction_context.move, `generate_auid_address`). */
const MADE_UP = 0xfb

function found (view: Reading, id: string): ChannelEntry {
  const channel = view.get('channel', id)
  if (channel === undefined) throw new Abort('channel', ERRORS.E_NO_CHANNEL)
  return channel
}

function replace (execution: Execution, id: string, rules: ChannelEntry['rules']): void {
  const before = found(execution.view, id)
  execution.view.set('channel', id, { ...before, rules, revision: before.revision + 1n })
}

function open (execution: Execution, other: string, asset: string, challengeSecs: bigint, key: Uint8Array): void {
  const { view, sender, code, chainId } = execution
  assetOf(view, asset)
  const id = hexOf(sha3(Buffer.from(execution.hash.slice(2), 'hex'), u64(1n), Uint8Array.of(MADE_UP)))
  const rules = newChannel({ chainId, code, id, one: sender, oneKey: key, two: other, challengeSecs })
  view.set('channel', id, { rules, asset, revision: 0n })
  view.set('store', id, { asset, balance: 0n, isFrozen: false })
  view.set('opened', sender, [...view.get('opened', sender) ?? [], id])
  execution.emit('Opened', { channel: short(id), one: short(sender), two: short(other), asset: short(asset), challenge_secs: String(challengeSecs) })
}

/** @param coin of the older standard, of which the tokens are taken */
function deposit (execution: Execution, id: string, amount: bigint, coin?: string): void {
  const { view, sender } = execution
  const { rules, asset } = found(view, id)
  const changed = addDeposit(rules, sender, amount)
  replace(execution, id, changed)
  const brought = coin === undefined ? asset : view.get('paired', coin)
  if (brought === undefined) throw new Abort('0x1::coin', NO_COIN)
  take(view, primaryStoreOf(sender, brought), brought, amount)
  if (brought !== asset) throw new Abort('0x1::fungible_asset', OTHER_ASSET)
  const before = view.get('store', id)?.balance ?? 0n
  put(view, id, asset, amount)
  if ((view.get('store', id)?.balance ?? 0n) - before !== amount) throw new Abort('channel', ERRORS.E_OTHER_AMOUNT)
  const total = String(partySide(changed, sender).deposit)
  execution.emit('Deposited', { channel: short(id), party: short(sender), amount: String(amount), total })
}

/** coin.move: the coin is not known. */
const NO_COIN = 0x60003n
/** fungible_asset.move: EFUNGIBLE_ASSET_AND_STORE_MISMATCH. */
const OTHER_ASSET = 0x1000bn

function tellSettled (execution: Execution, id: string, together: boolean): void {
  const { one, two } = found(execution.view, id).rules
  execution.emit('Settled', { channel: short(id), paid_by_one: String(one.paid), paid_by_two: String(two.paid), together })
}

export const CHANNEL_ENTRIES: Entries = {
  open: {
    parameters: ['address', 'address', 'u64', 'vector<u8>'],
    gas: 560n,
    run: (execution, args) => { open(execution, args.address(0), args.address(1), args.u64(2), args.bytes(3)) }
  },
  open_coin: {
    typeParameters: 1,
    parameters: ['address', 'u64', 'vector<u8>'],
    gas: 565n,
    run (execution, args) {
      const asset = execution.view.get('paired', args.typeArguments[0] ?? '')
      if (asset === undefined) throw new Abort('channel', ERRORS.E_NO_ASSET)
      open(execution, args.address(0), asset, args.u64(1), args.bytes(2))
    }
  },
  join: {
    parameters: ['address', 'vector<u8>'],
    gas: 40n,
    run (execution, args) {
      const [id, key] = [args.address(0), args.bytes(1)]
      replace(execution, id, setKey(found(execution.view, id).rules, execution.sender, key))
      execution.emit('Joined', { channel: short(id), party: short(execution.sender), key: hexOf(key) })
    }
  },
  deposit: {
    parameters: ['address', 'u64'],
    gas: 25n,
    run: (execution, args) => { deposit(execution, args.address(0), args.u64(1)) }
  },
  deposit_coin: {
    typeParameters: 1,
    parameters: ['address', 'u64'],
    gas: 30n,
    run: (execution, args) => { deposit(execution, args.address(0), args.u64(1), args.typeArguments[0] ?? '') }
  },
  redeem: {
    parameters: ['address', 'u64', 'vector<u8>'],
    gas: 20n,
    run (execution, args) {
      const id = args.address(0)
      const { channel, more } = redeem(found(execution.view, id).rules, execution.sender, args.u64(1), args.bytes(2))
      replace(execution, id, channel)
      const payer = channel.one.party === execution.sender ? channel.two : channel.one
      execution.emit('Redeemed', { channel: short(id), payer: short(payer.party), amount: String(more), total: String(payer.paid) })
    }
  },
  withdraw: {
    parameters: ['address'],
    gas: 25n,
    run (execution, args) {
      const { view, sender } = execution
      const id = args.address(0)
      const { rules, asset } = found(view, id)
      const { channel, amount } = withdraw(rules, sender, view.get('store', id)?.balance ?? 0n)
      replace(execution, id, channel)
      take(view, id, asset, amount)
      put(view, primaryStoreOf(sender, asset), asset, amount)
      execution.emit('Withdrawn', { channel: short(id), party: short(sender), amount: String(amount) })
    }
  },
  close: {
    parameters: ['address'],
    gas: 12n,
    run (execution, args) {
      const id = args.address(0)
      const rules = close(found(execution.view, id).rules, execution.sender, execution.now)
      replace(execution, id, rules)
      execution.emit('Closing', { channel: short(id), by: short(execution.sender), settleable_at: String(rules.settleableAt) })
    }
  },
  settle: {
    parameters: ['address'],
    gas: 10n,
    run (execution, args) {
      const id = args.address(0)
      replace(execution, id, settle(found(execution.view, id).rules, execution.now))
      tellSettled(execution, id, false)
    }
  },
  close_together: {
    parameters: ['address', 'u64', 'vector<u8>', 'u64', 'u64', 'vector<u8>'],
    gas: 30n,
    run (execution, args) {
      const id = args.address(0)
      const terms = { amount: args.u64(1), claim: args.bytes(2), least: args.u64(3), validUntil: args.u64(4), consent: args.bytes(5) }
      replace(execution, id, closeTogether(found(execution.view, id).rules, execution.sender, terms, execution.now))
      tellSettled(execution, id, true)
    }
  }
}

function sideJson (entry: ChannelEntry, side: Side): object {
  return {
    party: short(side.party),
    key: side.key,
    deposit: String(side.deposit),
    paid: String(side.paid),
    withdrawn: String(side.withdrawn),
    entitled: String(entitled(entry.rules, side.party))
  }
}

function stateJson (view: Reading, id: string): object {
  const entry = found(view, id)
  const { rules } = entry
  return {
    channel: short(id),
    chain_id: rules.chainId,
    asset: short(entry.asset),
    one: sideJson(entry, rules.one),
    two: sideJson(entry, rules.two),
    challenge_secs: String(rules.challengeSecs),
    state: STATES[rules.state],
    settleable_at: String(rules.settleableAt),
    revision: String(entry.revision),
    balance: String(view.get('store', id)?.balance ?? 0n)
  }
}

export const CHANNEL_VIEWS: Views = {
  state: { parameters: ['address'], returns: ['CODE::channel::State'], run: (view, args) => [stateJson(view, args.address(0))] },
  states: {
    parameters: ['vector<address>'],
    returns: ['vector<CODE::channel::State>'],
    run: (view, args) => [args.addresses(0).filter(id => view.get('channel', id) !== undefined).map(id => stateJson(view, id))]
  },
  opened_by: {
    parameters: ['address', 'u64', 'u64'],
    returns: ['vector<address>'],
    run (view, args) {
      const [start, limit] = [args.u64(1), args.u64(2)]
      const opened = view.get('opened', args.address(0)) ?? []
      const most = limit < LISTED_AT_MOST ? limit : LISTED_AT_MOST
      return [start >= BigInt(opened.length) ? [] : opened.slice(Number(start), Number(start + most)).map(short)]
    }
  },
  entitled: {
    parameters: ['address', 'address'],
    returns: ['u64'],
    run: (view, args) => [String(entitled(found(view, args.address(0)).rules, args.address(1)))]
  },
  version: { parameters: [], returns: ['u64'], run: () => [VERSION] }
}
