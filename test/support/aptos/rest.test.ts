// What the nodes of the stand-in answer, and how. Where nothing else is named: the REST API of a fullnode, as aptos.dev describes it.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { isShippedModule } from '../../../plugins/aptos/move/bytecode.js'
import { PACKAGE_ROOT } from '../package-root.js'
import { address, bytesOf, canonical, short, u64, u8, vector } from './bcs.js'
import { startAptos, type AptosStandIn } from './index.js'
import { Party, get, hashOf, post } from './raw-party.js'
import { authenticationKeyOf } from './transaction.js'

const SOMEBODY = `0x${'5'.repeat(64)}`

describe('the nodes of the Aptos stand-in', () => {
  let chain: AptosStandIn
  let alice: Party

  beforeEach(async () => {
    chain = await startAptos({ blockMs: undefined, chainId: 2 })
    alice = new Party(chain, 1)
    chain.fund(alice.address, 1_000_000_000n)
  })
  afterEach(() => chain.stop())

  const look = async (path: string): Promise<Record<string, unknown>> => (await get(chain.url, path)).body
  const view = async (name: string, args: unknown[], types: string[] = []): Promise<unknown> =>
    (await post(chain.url, '/view', { function: name, type_arguments: types, arguments: args })).body

  it('say in each answer of which chain, version, time and block they speak', async () => {
    chain.advance(10)
    const { headers, body } = await get(chain.url, '/')
    expect(body).to.include({ chain_id: 2, ledger_version: headers.get('x-aptos-ledger-version'), ledger_timestamp: headers.get('x-aptos-ledger-timestampusec') })
    expect(headers.get('x-aptos-chain-id')).to.equal('2')
    const missing = await get(chain.url, '/nothing')
    expect([missing.status, missing.headers.get('x-aptos-block-height')]).to.deep.equal([404, '1'])
    expect(BigInt(String(body.ledger_timestamp))).to.equal(chain.chain.lastBlock.timestamp)
  })

  it('do not know accounts that have never been used, or give them the sequence number 0 (AIP-115)', async () => {
    expect(await look(`/accounts/${SOMEBODY}`)).to.include({ error_code: 'account_not_found', vm_error_code: null })
    const stateless = await startAptos({ statelessAccounts: true })
    expect((await get(stateless.url, `/accounts/${SOMEBODY}`)).body).to.deep.equal({ sequence_number: '0', authentication_key: SOMEBODY })
    await stateless.stop()
    expect(await look(`/accounts/${alice.address}`)).to.deep.equal({ sequence_number: '0', authentication_key: alice.address })
  })

  it('tell balances, also those of coins, as numbers', async () => {
    chain.fund(alice.address, 7n, chain.asset)
    expect([await look(`/accounts/${alice.address}/balance/${chain.asset}`), await look(`/accounts/${alice.address}/balance/0x1::aptos_coin::AptosCoin`)])
      .to.deep.equal([7, 1_000_000_000])
    expect(await view('0x1::primary_fungible_store::balance', [alice.address, { inner: chain.asset }], ['0x1::fungible_asset::Metadata'])).to.deep.equal(['7'])
    expect(await view('0x1::coin::balance', [alice.address], ['0x1::aptos_coin::AptosCoin'])).to.deep.equal(['1000000000'])
    expect(await view('0x1::coin::paired_metadata', [], ['0x1::aptos_coin::AptosCoin'])).to.deep.equal([{ vec: [{ inner: '0xa' }] }])
    expect(await view('0x1::fungible_asset::decimals', ['0xa'], ['0x1::fungible_asset::Metadata'])).to.deep.equal([8])
  })

  it('show resources: of a channel nobody is the owner, and its store is frozen only by its issuer', async () => {
    const channel = await alice.open(SOMEBODY)
    expect((await look(`/accounts/${channel}/resource/0x1::object::ObjectCore`)).data).to.include({ owner: '0x0', allow_ungated_transfer: false })
    expect((await look(`/accounts/${channel}/resource/0x1::fungible_asset::FungibleStore`)).data)
      .to.deep.equal({ balance: '0', frozen: false, metadata: { inner: short(chain.asset) } })
    chain.freezeStore(channel, chain.asset)
    expect((await look(`/accounts/${channel}/resource/0x1::fungible_asset::FungibleStore`)).data).to.include({ frozen: true })
    expect((await look(`/accounts/${chain.asset}/resource/0x1::fungible_asset::Metadata`)).data).to.include({ decimals: 6 })
    expect(await look(`/accounts/${chain.asset}/resource/0x1::fungible_asset::FungibleStore`)).to.include({ error_code: 'resource_not_found' })
  })

  it('show the module that is published, and with which policy', async () => {
    const { bytecode } = await look(`/accounts/${chain.code}/module/channel`)
    expect(isShippedModule('channel', bytesOf(String(bytecode)), bytesOf(chain.code))).to.equal(true)
    const { data } = await look(`/accounts/${chain.code}/resource/0x1::code::PackageRegistry`)
    const [{ name, upgrade_policy: policy }] = (data as { packages: [{ name: string, upgrade_policy: object }] }).packages
    expect([name, policy]).to.deep.equal(['SluiceChannel', { policy: 2 }])
    expect(await look(`/accounts/${alice.address}/module/channel`)).to.include({ error_code: 'module_not_found' })
  })

  it('show their state at an older version, as long as it is not pruned', async () => {
    const { version } = await alice.call('transfer', [address(SOMEBODY), u64(5n)], { code: '0x1', module: 'aptos_account' })
    const at = async (ledgerVersion: unknown): Promise<unknown> => {
      const { status, body } = await get(chain.url, `/accounts/${SOMEBODY}/balance/0xa?ledger_version=${String(ledgerVersion)}`)
      return status === 200 ? body : [status, body.error_code]
    }
    expect([await at(version), await at(Number(version) - 1)]).to.deep.equal([5, 0])
    expect(await at(Number(version) + 1)).to.deep.equal([404, 'version_not_found'])
    chain.chain.ledger.prune(Number(version))
    expect([await at(version), await at(Number(version) - 1)]).to.deep.equal([5, [410, 'version_pruned']])
    expect(await at('x')).to.deep.equal([400, 'web_framework_error'])
  })

  it('list the transactions of an account by sequence number', async () => {
    for (const amount of [1n, 2n, 3n]) await alice.call('transfer', [address(SOMEBODY), u64(amount)], { code: '0x1', module: 'aptos_account' })
    const numbers = async (query: string): Promise<unknown[]> => {
      const listed = await look(`/accounts/${alice.address}/transactions${query}`) as unknown as Array<{ sequence_number: string }>
      return listed.map(each => each.sequence_number)
    }
    expect([await numbers(''), await numbers('?start=1&limit=1')]).to.deep.equal([['0', '1', '2'], ['1']])
    const [first] = await look(`/accounts/${alice.address}/transactions`) as unknown as [{ payload: object, signature: object }]
    expect(first.payload).to.deep.equal({ type: 'entry_function_payload', function: '0x1::aptos_account::transfer', type_arguments: [], arguments: [SOMEBODY, '1'] })
    expect(first.signature).to.include({ type: 'ed25519_signature' })
  })

  it('simulate without changing anything, and only what is not signed', async () => {
    const args = [address(SOMEBODY), u64(5n)]
    const unsigned = alice.signed('transfer', args, { code: '0x1', module: 'aptos_account', sequence: 0n, signature: new Uint8Array(64) })
    const [simulated] = (await post(chain.url, '/transactions/simulate', unsigned)).body as unknown as [Record<string, unknown>]
    expect(simulated).to.include({ success: true, gas_used: '13' })
    expect(chain.balance(SOMEBODY)).to.equal(0n)
    const { status, body } = await post(chain.url, '/transactions/simulate', alice.signed('transfer', args, { sequence: 0n }))
    expect([status, body.error_code]).to.deep.equal([400, 'invalid_input'])
  })

  it('wait with the answer until a transaction is in a block', async () => {
    const signed = alice.signed('transfer', [address(SOMEBODY), u64(5n)], { code: '0x1', module: 'aptos_account' })
    await alice.submit(signed)
    const waiting = look(`/transactions/wait_by_hash/${hashOf(signed)}`)
    await look('/') // the node is not held up by it
    chain.block()
    expect(await waiting).to.include({ type: 'user_transaction', success: true })
    expect(await look(`/transactions/wait_by_hash/0x${'0'.repeat(64)}`)).to.include({ error_code: 'transaction_not_found' })
  })

  it('tell of channels by views: their states, whose they are, and what is due', async () => {
    const channel = await alice.open(SOMEBODY)
    const [state] = await view(`${chain.code}::channel::state`, [channel]) as [{ one: object, two: object }]
    expect(state).to.deep.include({ chain_id: 2, asset: short(chain.asset), state: 0, challenge_secs: '86400', settleable_at: '0', revision: '0', balance: '0' })
    expect(state.one).to.include({ party: short(alice.address), deposit: '0', paid: '0', withdrawn: '0', entitled: '0' })
    expect(state.two).to.include({ party: SOMEBODY, key: '0x' })
    expect(await view(`${chain.code}::channel::states`, [[SOMEBODY, channel]])).to.deep.equal([[state]])
    expect(await view(`${chain.code}::channel::opened_by`, [alice.address, '0', '10'])).to.deep.equal([[channel]])
    expect(await view(`${chain.code}::channel::entitled`, [channel, SOMEBODY])).to.deep.equal(['0'])
    expect(await view(`${chain.code}::channel::version`, [])).to.deep.equal(['1'])
    expect(await view(`${chain.code}::channel::entitled`, [channel, chain.code])).to.include({ error_code: 'invalid_input' })
  })

  it('refuse views that they cannot read', async () => {
    const name = `${chain.code}::channel::opened_by`
    const wrong = [
      [name, []], [name, [alice.address, 1, '1']], [name, ['alice', '0', '1']], [`${chain.code}::channel::steal`, []], ['steal', []]
    ] as const
    for (const [called, args] of wrong) {
      expect(await view(called, [...args]), JSON.stringify(args)).to.include({ error_code: 'invalid_input' })
    }
  })

  it('refuse what is no transaction, or comes in another form', async () => {
    expect((await post(chain.url, '/transactions', Uint8Array.of(1, 2, 3))).body).to.include({ error_code: 'invalid_input' })
    expect((await post(chain.url, '/transactions', {})).status).to.equal(415)
    expect((await post(chain.url, '/nothing', {})).body).to.include({ error_code: 'web_framework_error' })
  })

  it('publish the modules as the script makes them, once and for all (code.move)', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-move-'))
    const file = join(folder, 'publish.json')
    await promisify(execFile)(process.execPath, [join(PACKAGE_ROOT, 'scripts/build-aptos-module.mjs'), '--address', alice.address, '--out', file])
    const [metadata, modules] = (JSON.parse(await readFile(file, 'utf8')) as { args: [{ value: string }, { value: string[] }] }).args
    await rm(folder, { recursive: true })
    const code = Buffer.concat([u8(modules.value.length), ...modules.value.map(each => vector(bytesOf(each)))])
    const args = [vector(bytesOf(metadata.value)), code]
    const publish = async (): Promise<unknown> => (await alice.call('publish_package_txn', args, { code: '0x1', module: 'code', maxGas: 5000n })).vm_status
    expect(await publish()).to.equal('Executed successfully')
    const { bytecode } = await look(`/accounts/${alice.address}/module/core`)
    expect(isShippedModule('core', bytesOf(String(bytecode)), bytesOf(alice.address))).to.equal(true)
    const opened = await alice.call('open', [address(SOMEBODY), address(chain.asset), u64(3600n), vector(alice.key.publicKey)], { code: alice.address })
    expect(opened.success).to.equal(true)
    expect(await publish()).to.equal('Move abort in 0x1::code: 0x10002')
  })

  it('print addresses without leading zeros (api/types/src/address.rs)', async () => {
    let seed = 3
    while (!authenticationKeyOf(new Party(chain, seed).key.publicKey).startsWith('0x0')) seed++
    const zero = new Party(chain, seed)
    chain.fund(zero.address, 1_000_000_000n)
    const channel = await zero.open(alice.address)
    const [state] = await view(`${chain.code}::channel::state`, [channel]) as [{ one: { party: string } }]
    expect(state.one.party).to.have.length.below(66)
    expect(canonical(state.one.party)).to.equal(zero.address)
  })
})
