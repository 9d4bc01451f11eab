/** What can go wrong at a node of the stand-in for Mina, or with its chain, seen by a client. */
import { expect } from 'chai'
import { FEE, MINA, MinaWorld, askMina, type Party } from './parties.js'

const STATUS = '{ networkID syncStatus daemonStatus { chainId consensusConfiguration { slotDuration k } } runtimeConfig }'
interface Status {
  networkID: string
  syncStatus: string
  daemonStatus: { chainId: string, consensusConfiguration: object }
  runtimeConfig: { daemon: object }
}

describe('the faults of the stand-in for Mina', () => {
  let world: MinaWorld
  let payer: Party, payee: Party

  before(async () => { world = await MinaWorld.start() })
  beforeEach(async () => {
    await world.reset()
    ;({ payer, payee } = world)
  })
  after(() => world.stop())

  const status = (url = world.chain.url): Promise<Status> => askMina(url, STATUS)
  const saidOf = (work: Promise<unknown>): Promise<string> => work.then(() => 'it was taken', (error: unknown) => String(error))

  it('are none at first: a synced node of devnet', async () => {
    const { networkID, syncStatus, daemonStatus, runtimeConfig } = await status()
    expect([networkID, syncStatus]).to.deep.equal(['mina:devnet', 'SYNCED'])
    expect(daemonStatus.consensusConfiguration).to.deep.equal({ slotDuration: 180_000, k: 290 })
    expect(runtimeConfig.daemon).to.deep.equal({})
  })

  it('are lies of one node: another network or chain, no sync, other accounts and blocks; another node tells the truth', async () => {
    const { url } = await world.chain.anotherNode()
    await world.chain.block()
    const [truth] = await world.blocks()
    await world.chain.faults({
      networkId: 'mina:mainnet', chainId: 'other', syncStatus: 'BOOTSTRAP', otherHashes: true,
      accounts: { [payer.publicKey]: { balance: { total: '5' }, nonce: '7' }, [payee.publicKey]: null }
    })
    expect(await status()).to.deep.include({ networkID: 'mina:mainnet', syncStatus: 'BOOTSTRAP' })
    expect((await status()).daemonStatus.chainId).to.equal('other')
    expect(await world.account(payer.publicKey)).to.deep.include({ balance: { total: '5' }, nonce: '7' })
    expect(await world.account(payee.publicKey)).to.equal(undefined)
    expect((await world.blocks())[0]?.stateHash).to.not.equal(truth?.stateHash)
    expect((await status(url)).syncStatus).to.equal('SYNCED')
    expect((await world.account(payer.publicKey, url))?.balance.total).to.equal(`${100n * MINA}`)
    expect((await world.blocks(1, url))[0]?.stateHash).to.equal(truth?.stateHash)
  })

  it('are a node that lags: it shows the accounts as they were', async () => {
    await world.pay(payer, payee.publicKey, MINA)
    const { height } = await world.chain.block()
    await world.chain.faults({ behind: 1 })
    expect((await world.blocks())[0]?.protocolState.consensusState.blockHeight).to.equal(`${height - 1}`)
    expect(await world.account(payer.publicKey)).to.deep.include({ balance: { total: `${100n * MINA}` }, nonce: '0' })
    await world.chain.faults({})
    expect(await world.balance(payer.publicKey)).to.equal(99n * MINA - FEE)
  })

  it('are a node that stands still, whatever blocks come', async () => {
    const { height } = await world.chain.block()
    await world.chain.faults({ standsAt: height })
    await world.pay(payer, payee.publicKey, MINA)
    await world.chain.block(2)
    expect((await world.blocks())[0]?.protocolState.consensusState.blockHeight).to.equal(`${height}`)
    expect(await world.balance(payer.publicKey)).to.equal(100n * MINA)
  })

  for (const [does, said] of [
    ['loseRequest', /fetch failed/], ['loseAnswer', /fetch failed/], ['status', /JSON/], ['garbage', /JSON/], ['error', /told to fail/]
  ] as const) {
    it(`are a request with which it goes wrong: ${does}`, async () => {
      await world.chain.faults({ requests: [{ contains: 'sendPayment', does, times: 1 }] })
      expect(await saidOf(world.pay(payer, payee.publicKey, MINA, { nonce: 0 }))).to.match(said)
      expect((await world.account(payer.publicKey))?.inferredNonce).to.equal(does === 'loseAnswer' ? '1' : '0')
    })
  }

  it('are a request that is never answered', async () => {
    await world.chain.faults({ requests: [{ contains: 'networkID', does: 'hang', times: 1 }] })
    const request = fetch(world.chain.url, { method: 'POST', body: JSON.stringify({ query: STATUS }), signal: AbortSignal.timeout(50) })
    expect(await saidOf(request)).to.contain('Timeout')
    expect((await status()).syncStatus).to.equal('SYNCED')
  })

  it('are commands that a node acknowledges and forgets', async () => {
    await world.chain.faults({ forgets: 1 })
    const hash = await world.pay(payer, payee.publicKey, MINA)
    expect(hash).to.match(/^5J/)
    expect((await world.account(payer.publicKey))?.inferredNonce).to.equal('0')
    expect(await world.pay(payer, payee.publicKey, MINA)).to.equal(hash)
  })

  it('are blocks that are full of commands of others', async () => {
    await world.chain.conditions({ crowded: true })
    await world.pay(payer, payee.publicKey, MINA)
    await world.chain.block(3)
    expect(await world.balance(payee.publicKey)).to.equal(100n * MINA)
    await world.chain.conditions({ crowded: false })
    await world.chain.block()
    expect(await world.balance(payee.publicKey)).to.equal(101n * MINA)
  })

  it('are reorganizations: what was in blocks is undone, waits again, or is lost', async () => {
    const channel = await world.open()
    await world.pay(payer, channel.publicKey, MINA)
    await world.chain.block(2)
    const [before] = await world.blocks()
    const tip = await world.chain.reorg(2)
    const blocks = await world.blocks(4)
    expect(tip.height).to.equal(Number(before?.protocolState.consensusState.blockHeight) + 1)
    expect(blocks.map(({ stateHash }) => stateHash)).to.not.include(before?.stateHash)
    for (const [i, block] of blocks.slice(1).entries()) expect(block.protocolState.previousStateHash).to.equal(blocks[i]?.stateHash)
    expect(await world.balance(channel.publicKey)).to.equal(10n * MINA)
    await world.chain.block()
    expect(await world.balance(channel.publicKey)).to.equal(11n * MINA)
    await world.chain.reorg(1, { loses: true })
    await world.chain.block()
    expect(await world.balance(channel.publicKey)).to.equal(10n * MINA)
  })

  it('are a hard fork ahead, which the node names, and one that was: another chain, and old proofs are worth nothing', async () => {
    const channel = await world.open()
    const redeem = { kind: 'redeem', sender: payee.publicKey, channel: await world.at(channel), claim: world.claim(channel, MINA) } as const
    await world.chain.conditions({ slotTxEnd: 5_000, slotChainEnd: 5_100 })
    expect((await status()).runtimeConfig.daemon).to.deep.equal({ slot_tx_end: 5_000, slot_chain_end: 5_100 })
    const { chainId } = (await status()).daemonStatus
    await world.chain.fork('the next one')
    expect((await status()).daemonStatus.chainId).to.equal('the next one').and.not.equal(chainId)
    expect(await saidOf(world.send(redeem, payee))).to.contain('Invalid_proof')
  })
})
