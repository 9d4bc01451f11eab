// What gets into the chain of the stand-in, in which order, and what it costs. Each rule names where it is from.
import { expect } from 'chai'
import { address, u64, vector } from './bcs.js'
import { startAptos, type AptosStandIn } from './index.js'
import { Party, get, hashOf, type Said } from './raw-party.js'
import { claimBytes } from './rules.js'
import { TestKey } from './signatures.js'

const PLENTY = 1_000_000_000n

describe('the chain of the Aptos stand-in', () => {
  let chain: AptosStandIn
  let alice: Party
  let bob: Party

  beforeEach(async () => {
    chain = await startAptos({ blockMs: undefined })
    alice = new Party(chain, 1)
    bob = new Party(chain, 2)
    for (const party of [alice, bob]) {
      chain.fund(party.address, PLENTY)
      chain.fund(party.address, 1000n, chain.asset)
    }
  })
  afterEach(() => chain.stop())

  const transfer = (amount: bigint): Uint8Array[] => [address(bob.address), u64(amount)]
  const asTransfer: Said = { code: '0x1', module: 'aptos_account' }
  const pay = (said: Said = {}): Uint8Array => alice.signed('transfer', transfer(1n), { ...asTransfer, ...said })
  const lookup = async (signed: Uint8Array): Promise<Record<string, unknown>> => (await get(chain.url, `/transactions/by_hash/${hashOf(signed)}`)).body

  const refused: Array<[string, Said, number]> = [
    ['with the signature of another key (vm_status.rs 1)', { signedBy: new TestKey(Buffer.alloc(32, 9)) }, 1],
    ['from an account that is not there (7)', { sender: `0x${'b'.repeat(64)}` }, 7],
    ['with the sequence number of an older one (3)', { sequence: 0n }, 3],
    ['without the money for all its gas (5)', { maxGas: 2_000_000n, gasPrice: 1000n }, 5],
    ['that has expired (6)', { expiration: 1n }, 6],
    ['of another chain (23)', { chainId: 2 }, 23],
    ['that offers less than 100 octas for a unit of gas (15)', { gasPrice: 99n }, 15],
    ['that allows more gas than there is (13)', { maxGas: 2_000_001n, gasPrice: 100n }, 13],
    ['that allows too little gas for any transaction (14)', { maxGas: 1n }, 14]
  ]
  for (const [what, said, code] of refused) {
    it(`takes no transaction ${what}`, async () => {
      await alice.call('transfer', transfer(1n), asTransfer)
      const { status, body } = await alice.submit(pay({ sequence: 1n, ...said }))
      expect([status, body.error_code, body.vm_error_code]).to.deep.equal([400, 'vm_error', code])
    })
  }

  it('takes only the key that an account was rotated to (account.move, rotate_authentication_key)', async () => {
    chain.rotateKey(alice.address, bob.address)
    expect((await alice.submit(pay())).body.vm_error_code).to.equal(2)
    expect((await bob.submit(bob.signed('transfer', transfer(1n), { ...asTransfer, sender: alice.address, sequence: 0n }))).status).to.equal(202)
  })

  it('answers with what it has taken, and has it pending until a block', async () => {
    const signed = pay()
    const { status, body } = await alice.submit(signed)
    expect([status, body.hash, body.sequence_number, body.max_gas_amount]).to.deep.equal([202, hashOf(signed), '0', '2000'])
    expect((await lookup(signed)).type).to.equal('pending_transaction')
    chain.block()
    expect(await lookup(signed)).to.include({ type: 'user_transaction', success: true, vm_status: 'Executed successfully', sequence_number: '0' })
  })

  it('takes the same transaction twice, and executes it once', async () => {
    const signed = pay()
    expect([(await alice.submit(signed)).status, (await alice.submit(signed)).status]).to.deep.equal([202, 202])
    chain.block()
    chain.block()
    expect(chain.balance(bob.address)).to.equal(PLENTY + 1n)
    expect((await alice.submit(signed)).body.vm_error_code).to.equal(3)
  })

  it('lets a transaction with a gap before it wait until the gap is closed (mempool)', async () => {
    const [first, second] = [pay({ sequence: 0n }), pay({ sequence: 1n })]
    expect((await alice.submit(second)).status).to.equal(202)
    chain.block()
    expect((await lookup(second)).type).to.equal('pending_transaction')
    await alice.submit(first)
    chain.block()
    expect([(await lookup(first)).success, (await lookup(second)).success]).to.deep.equal([true, true])
  })

  it('replaces a pending transaction only for a higher price of gas (mempool: invalid_transaction_update)', async () => {
    const first = pay({ sequence: 0n, expiration: chain.now + 50n })
    await alice.submit(first)
    const { status, body } = await alice.submit(pay({ sequence: 0n, expiration: chain.now + 51n }))
    expect([status, body.error_code]).to.deep.equal([400, 'invalid_transaction_update'])
    const dearer = pay({ sequence: 0n, gasPrice: 101n })
    expect((await alice.submit(dearer)).status).to.equal(202)
    chain.block()
    expect([(await get(chain.url, `/transactions/by_hash/${hashOf(first)}`)).status, (await lookup(dearer)).success]).to.deep.equal([404, true])
  })

  it('has room for 100 pending transactions of an account (mempool_config.rs, capacity_per_user)', async () => {
    for (let sequence = 1n; sequence <= 100n; sequence++) expect((await alice.submit(pay({ sequence }))).status).to.equal(202)
    const { status, body } = await alice.submit(pay({ sequence: 101n }))
    expect([status, body.error_code]).to.deep.equal([507, 'mempool_is_full'])
    expect((await bob.submit(bob.signed('transfer', transfer(1n), asTransfer))).status).to.equal(202)
  })

  it('forgets what has not been executed before its expiration, by the time of blocks', async () => {
    chain.fateOf = () => 'pending'
    const signed = pay({ expiration: chain.now + 100n })
    await alice.submit(signed)
    chain.advance(50)
    expect((await lookup(signed)).type).to.equal('pending_transaction')
    chain.advance(50)
    expect((await get(chain.url, `/transactions/by_hash/${hashOf(signed)}`)).body.error_code).to.equal('transaction_not_found')
  })

  it('commits what aborts: its gas is paid, its sequence number used, and nothing else changes', async () => {
    const channel = await alice.open(bob.address)
    const before = chain.balance(alice.address)
    const aborted = await alice.call('deposit', [address(channel), u64(0n)])
    expect(aborted).to.include({ success: false, vm_status: `Move abort in ${chain.code.replace('0x0', '0x')}::core: E_ZERO(0x7): The amount is zero.` })
    expect(before - chain.balance(alice.address)).to.equal(BigInt(String(aborted.gas_used)) * 100n)
    expect((await get(chain.url, `/accounts/${alice.address}`)).body.sequence_number).to.equal('2')
    expect(chain.channel(channel)).to.include({ revision: 0n })
  })

  it('runs no function that is not there, nor one with other arguments', async () => {
    const results = [
      await alice.call('steal', []),
      await alice.call('close', [address(bob.address)], { code: bob.address }),
      await alice.call('close', [Uint8Array.of(1)]),
      await alice.call('close', [])
    ]
    expect(results.map(({ success }) => success)).to.deep.equal([false, false, false, false])
    expect(results[0]?.vm_status).to.equal('LINKER_ERROR')
  })

  it('ends a transaction that needs more gas than it allows, and takes all it allows', async () => {
    const before = chain.balance(alice.address)
    const { success, vm_status: status, gas_used: used } = await alice.call('transfer', transfer(5n), { ...asTransfer, maxGas: 4n })
    expect([success, status, used]).to.deep.equal([false, 'Out of gas', '4'])
    expect(before - chain.balance(alice.address)).to.equal(400n)
  })

  it('does not let an account spend the APT that its gas needs (transaction_validation.move)', async () => {
    const { success, vm_status: status } = await alice.call('transfer', transfer(PLENTY), asTransfer)
    expect([success, status]).to.deep.equal([false, 'Move abort in 0x1::transaction_validation: EOUT_OF_GAS(0x6): '])
    expect(chain.balance(bob.address)).to.equal(PLENTY)
  })

  it('leaves out of blocks who pays less for gas than others do, and says the price', async () => {
    chain.storm(500n)
    const [cheap, dear] = [pay({ sequence: 0n }), bob.signed('transfer', transfer(1n), { ...asTransfer, gasPrice: 500n })]
    await alice.submit(cheap)
    await bob.submit(dear)
    chain.block()
    expect([(await lookup(cheap)).type, (await lookup(dear)).type]).to.deep.equal(['pending_transaction', 'user_transaction'])
    const prices = (await get(chain.url, '/estimate_gas_price')).body
    expect(prices).to.deep.equal({ deprioritized_gas_estimate: 500, gas_estimate: 500, prioritized_gas_estimate: 750 })
  })

  it('loses a transaction, keeps it pending, or has it abort, when a test says so', async () => {
    const signed = pay({ sequence: 0n })
    chain.fateOf = () => 'dropped'
    await alice.submit(signed)
    chain.block()
    expect((await get(chain.url, `/transactions/by_hash/${hashOf(signed)}`)).status).to.equal(404)
    chain.fateOf = () => 'aborts'
    await alice.submit(signed)
    chain.block()
    expect(await lookup(signed)).to.include({ success: false, sequence_number: '0' })
    expect(chain.balance(bob.address)).to.equal(PLENTY)
  })

  it('gives each channel an address of its own, also after the one before has ended', async () => {
    const [first, second] = [await alice.open(bob.address), await alice.open(bob.address)]
    expect(first).not.to.equal(second)
  })

  it('makes and loses no token, whatever is done', async () => {
    const channel = await alice.open(bob.address)
    await bob.call('join', [address(channel), vector(bob.key.publicKey)])
    await alice.call('deposit', [address(channel), u64(100n)])
    const claim = alice.key.sign(claimBytes({ chainId: chain.chain.chainId, code: chain.code, id: channel }, alice.address, 60n))
    await bob.call('redeem', [address(channel), u64(60n), vector(claim)])
    await bob.call('withdraw', [address(channel)])
    await alice.call('close', [address(channel)])
    chain.advance(86_400)
    await bob.call('settle', [address(channel)])
    const held = (): bigint[] => [...[alice, bob].map(party => chain.balance(party.address, chain.asset)), chain.inStore(channel)]
    expect(held()).to.deep.equal([900n, 1060n, 40n])
    await alice.call('withdraw', [address(channel)])
    expect(held()).to.deep.equal([940n, 1060n, 0n])
  })

  it('keeps 10,000 channels of one opener, and lists and tells of them quickly', async () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => `0x${(i + 1).toString(16).padStart(64, 'f')}`)
    const channel = chain.channel(await alice.open(bob.address))
    if (channel === undefined) throw new Error('there is no channel')
    chain.chain.ledger.place(view => {
      for (const id of ids) view.set('channel', id, { ...channel, rules: { ...channel.rules, id } })
      view.set('opened', alice.address, ids)
    })
    const view = async (name: string, args: unknown[]): Promise<unknown[]> => {
      const body = { function: `${chain.code}::channel::${name}`, type_arguments: [], arguments: args }
      const response = await fetch(`${chain.url}/view`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
      return (await response.json() as [unknown[]])[0]
    }
    expect(await view('opened_by', [alice.address, '9950', '1000'])).to.have.length(50)
    expect(await view('opened_by', [alice.address, '0', '1000'])).to.have.length(100)
    expect(await view('states', [ids])).to.have.length(10_000)
  })
})
