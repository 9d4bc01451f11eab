/** The functions of Aptos's framework (`0x1`) that clients of channels call: transfers, publishing, and views of assets and balances. */
import { BcsReader, short } from './bcs.js'
import type { Entries, Execution, Views } from './functions.js'
import { Abort } from './rules.js'
import { APT, assetOf, balanceOf, primaryStoreOf, put, take } from './tokens.js'

/** code.move: EUPGRADE_IMMUTABLE, invalid argument; EMODULE_NAME_CLASH, already exists. */
const UPGRADE_IMMUTABLE = 0x10002n
const UPGRADE_WEAKER_POLICY = 0x10003n
const NAME_CLASH = 0x80001n
/** coin.move: ECOIN_INFO_NOT_PUBLISHED. */
const NO_COIN = 0x60003n

function transfer (execution: Execution, asset: string, to: string, amount: bigint): void {
  const { view, sender } = execution
  take(view, primaryStoreOf(sender, asset), asset, amount)
  put(view, primaryStoreOf(to, asset), asset, amount)
  view.set('account', to, view.get('account', to) ?? { sequence: 0n, authenticationKey: to })
}

/**
 * Publishes or upgrades a package: its metadata (code.move, `PackageMetadata`) and the bytecode of its modules. An immutable package stays
 * as it is, and a policy never gets weaker. The VM's verifier is not here: the bytes are only looked at for the publisher's address.
 */
function publish ({ view, sender }: Execution, metadata: Uint8Array, code: readonly Uint8Array[]): void {
  const reader = new BcsReader(metadata)
  const name = reader.text()
  const policy = reader.u8()
  reader.u64() // the upgrade number, which the chain counts itself
  reader.text() // the digest of the sources
  reader.vector() // the compressed manifest
  const modules = reader.list(() => {
    const module = reader.text()
    reader.vector() // its source
    reader.vector() // its source map
    reader.list(() => undefined) // no extension
    return module
  })
  reader.list(() => `${reader.address()} ${reader.text()}`) // packages that it needs
  reader.list(() => undefined) // no extension
  reader.end()
  const packages = view.get('packages', sender) ?? []
  const former = packages.find(each => each.name === name)
  if (former?.policy === 2) throw new Abort('0x1::code', UPGRADE_IMMUTABLE)
  if (former !== undefined && policy < former.policy) throw new Abort('0x1::code', UPGRADE_WEAKER_POLICY)
  const others = packages.filter(each => each !== former)
  if (others.some(each => each.modules.some(module => modules.includes(module)))) throw new Abort('0x1::code', NAME_CLASH)
  for (const [index, module] of modules.entries()) {
    const bytecode = Buffer.from(code[index] ?? [])
    if (bytecode.indexOf(MAGIC) !== 0 || !bytecode.includes(Buffer.from(sender.slice(2), 'hex'))) throw new Error(BAD_CODE)
    view.set('module', `${sender}::${module}`, bytecode)
  }
  const upgradeNumber = former === undefined ? 0n : former.upgradeNumber + 1n
  view.set('packages', sender, [...others, { name, policy, upgradeNumber, modules }])
}

const MAGIC = Buffer.from('a11ceb0b', 'hex')
const BAD_CODE = 'CODE_DESERIALIZATION_ERROR'

export const FRAMEWORK_ENTRIES: Entries = {
  'aptos_account::transfer': {
    parameters: ['address', 'u64'],
    gas: 10n,
    run: (execution, args) => { transfer(execution, APT, args.address(0), args.u64(1)) }
  },
  'primary_fungible_store::transfer': {
    typeParameters: 1,
    parameters: ['object', 'address', 'u64'],
    gas: 15n,
    run: (execution, args) => { transfer(execution, args.address(0), args.address(1), args.u64(2)) }
  },
  'code::publish_package_txn': {
    parameters: ['vector<u8>', 'vector<vector<u8>>'],
    gas: 4000n,
    run: (execution, args) => { publish(execution, args.bytes(0), args.chunks(1)) }
  }
}

export const FRAMEWORK_VIEWS: Views = {
  'fungible_asset::decimals': {
    typeParameters: 1, parameters: ['object'], returns: ['u8'], run: (view, args) => [assetOf(view, args.address(0)).decimals]
  },
  'fungible_asset::symbol': {
    typeParameters: 1, parameters: ['object'], returns: ['0x1::string::String'], run: (view, args) => [assetOf(view, args.address(0)).symbol]
  },
  'fungible_asset::name': {
    typeParameters: 1, parameters: ['object'], returns: ['0x1::string::String'], run: (view, args) => [assetOf(view, args.address(0)).name]
  },
  'primary_fungible_store::balance': {
    typeParameters: 1,
    parameters: ['address', 'object'],
    returns: ['u64'],
    run: (view, args) => [String(balanceOf(view, args.address(0), args.address(1)))]
  },
  'primary_fungible_store::is_frozen': {
    typeParameters: 1,
    parameters: ['address', 'object'],
    returns: ['bool'],
    run: (view, args) => [view.get('store', primaryStoreOf(args.address(0), args.address(1)))?.isFrozen ?? false]
  },
  'coin::balance': {
    typeParameters: 1,
    parameters: ['address'],
    returns: ['u64'],
    run (view, args) {
      const asset = view.get('paired', args.typeArguments[0] ?? '')
      if (asset === undefined) throw new Abort('0x1::coin', NO_COIN)
      return [String(balanceOf(view, args.address(0), asset))]
    }
  },
  'coin::paired_metadata': {
    typeParameters: 1,
    parameters: [],
    returns: ['0x1::option::Option<0x1::object::Object<0x1::fungible_asset::Metadata>>'],
    run (view, args) {
      const asset = view.get('paired', args.typeArguments[0] ?? '')
      return [{ vec: asset === undefined ? [] : [{ inner: short(asset) }] }]
    }
  }
}
