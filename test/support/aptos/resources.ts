/** The resources that a node shows of an account or an object. */
import { short } from './bcs.js'
import { registryJson } from './json.js'
import type { Reading } from './ledger.js'

/** By their types; each gives its data, or undefined if the address has none. */
const RESOURCES: Readonly<Record<string, (state: Reading, address: string) => object | undefined>> = {
  '0x1::account::Account' (state, address) {
    const account = state.get('account', address)
    return account && { sequence_number: String(account.sequence), authentication_key: account.authenticationKey }
  },
  '0x1::code::PackageRegistry' (state, address) {
    const packages = state.get('packages', address)
    return packages && registryJson(packages)
  },
  '0x1::fungible_asset::FungibleStore' (state, address) {
    const store = state.get('store', address)
    return store && { balance: String(store.balance), frozen: store.isFrozen, metadata: { inner: short(store.asset) } }
  },
  '0x1::fungible_asset::Metadata' (state, address) {
    const asset = state.get('asset', address)
    return asset && { name: asset.name, symbol: asset.symbol, decimals: asset.decimals, icon_uri: '', project_uri: '' }
  },
  '0x1::fungible_asset::DispatchFunctionStore' (state, address) {
    return state.get('asset', address)?.hooks && { deposit_function: { vec: [] }, withdraw_function: { vec: [] }, derived_balance_function: { vec: [] } }
  },
  '0x1::object::ObjectCore' (state, address) {
    // A channel belongs to nobody, and cannot be given away.
    return state.get('channel', address) && { owner: '0x0', allow_ungated_transfer: false, guid_creation_num: '1125899906842625' }
  }
}

export function resourceOf (state: Reading, address: string, type: string): object | undefined {
  return Object.hasOwn(RESOURCES, type) ? RESOURCES[type]?.(state, address) : undefined
}
