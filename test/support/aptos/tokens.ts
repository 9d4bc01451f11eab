/**
 * Fungible assets as far as channels and gas need them (fungible_asset.move, primary_fungible_store.move, dispatchable_fungible_asset.move,
 * coin.move). A hook of an asset may take a fee, or abort.
 */
import { address, hexOf } from './bcs.js'
import { Abort } from './rules.js'
import { sha3 } from './signatures.js'
import type { Asset, Reading, Store, View } from './ledger.js'

/** The asset that gas is paid in. */
export const APT = `0x${'a'.padStart(64, '0')}`
export const APT_COIN = '0x1::aptos_coin::AptosCoin'
const DERIVED_OBJECT = 0xfc
/** Errors of the framework have a category in front of the reason: 0x1 invalid argument, 0x5 permission denied (error.move). */
const INSUFFICIENT_BALANCE = 0x10004n
const STORE_IS_FROZEN = 0x50003n
const BALANCE_OVERFLOW = 0x20000n
const OBJECT_DOES_NOT_EXIST = 0x60002n
/** What the hook of a test asset aborts with. */
const HOOK_REFUSES = 0x50063n

/** The place of an owner's primary store of an asset (object.move, `create_user_derived_object_address`). */
export function primaryStoreOf (owner: string, asset: string): string {
  return hexOf(sha3(address(owner), address(asset), Uint8Array.of(DERIVED_OBJECT)))
}

export function assetOf (view: Reading, asset: string): Asset {
  const found = view.get('asset', asset)
  if (found === undefined) throw new Abort('0x1::object', OBJECT_DOES_NOT_EXIST)
  return found
}

export function balanceOf (view: Reading, owner: string, asset: string): bigint {
  return view.get('store', primaryStoreOf(owner, asset))?.balance ?? 0n
}

function storeOf (view: Reading, store: string, asset: string): Store {
  return view.get('store', store) ?? { asset, balance: 0n, isFrozen: false }
}

/** Takes tokens out of a store, through the asset's hook. */
export function take (view: View, store: string, asset: string, amount: bigint): void {
  const { hooks } = assetOf(view, asset)
  if (hooks?.isBroken === true) throw new Abort('0x1::fungible_asset', HOOK_REFUSES)
  const from = storeOf(view, store, asset)
  if (from.isFrozen) throw new Abort('0x1::fungible_asset', STORE_IS_FROZEN)
  burn(view, store, asset, amount)
}

/** Puts tokens into a store, through the asset's hook, whose fee disappears. */
export function put (view: View, store: string, asset: string, amount: bigint): void {
  const { hooks } = assetOf(view, asset)
  if (hooks?.isBroken === true) throw new Abort('0x1::fungible_asset', HOOK_REFUSES)
  const to = storeOf(view, store, asset)
  if (to.isFrozen) throw new Abort('0x1::fungible_asset', STORE_IS_FROZEN)
  const fee = hooks?.fee ?? 0n
  mint(view, store, asset, amount > fee ? amount - fee : 0n)
}

/** Without a hook and whatever is frozen, as an issuer can. */
export function mint (view: View, store: string, asset: string, amount: bigint): void {
  const to = storeOf(view, store, asset)
  const balance = to.balance + amount
  if (balance >= 2n ** 64n) throw new Abort('0x1::fungible_asset', BALANCE_OVERFLOW)
  view.set('store', store, { ...to, balance })
}

export function burn (view: View, store: string, asset: string, amount: bigint): void {
  const from = storeOf(view, store, asset)
  if (from.balance < amount) throw new Abort('0x1::fungible_asset', INSUFFICIENT_BALANCE)
  view.set('store', store, { ...from, balance: from.balance - amount })
}
