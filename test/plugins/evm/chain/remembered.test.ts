/** What is kept of the chain is checked against it at each connect: records of payments are true for one contract and its units. */
import { expect } from 'chai'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { ChainError } from '../../../../plugins/lib/channels/types.js'
import { lives, memoryStore } from '../../../support/evm/life.js'
import { alice, bob, owner, setUp } from '../../../support/evm/parties.js'
import { until } from '../../../support/waiting.js'

const them = bob.address.toLowerCase()

describe('what is remembered of an EVM chain', () => {
  noRejectionLeft()
  const parties = setUp()
  const provide = lives(parties)

  async function refusal (work: Promise<unknown>): Promise<ChainError> {
    const error = await work.then(() => undefined, (reason: unknown) => reason)
    if (!(error instanceof ChainError)) throw new Error('expected a ChainError', { cause: error })
    return error
  }

  /** A life that reached the chain as it was, and kept what it said. */
  async function before (): Promise<Map<string, string>> {
    const entries = new Map<string, string>()
    const life = provide(alice, { store: memoryStore(entries) })
    await life.connect()
    expect(await life.tokenDecimals()).to.equal(18)
    await life.disconnect()
    return entries
  }

  it('goes on without the chain, and connects again while the chain says the same', async () => {
    const store = memoryStore(await before())
    const away = provide(alice, { store, rpcUrl: 'http://127.0.0.1:9' })
    expect(await away.tokenNetwork()).to.equal(parties.network.address.toLowerCase())
    expect(await away.tokenDecimals()).to.equal(18)
    await provide(alice, { store }).connect()
  })

  it('is refused with what to do when the registry names another network now', async () => {
    const entries = await before()
    for (const [key, value] of entries) if (key.startsWith('evm:network:')) entries.set(key, value.replace(/.$/, value.endsWith('1') ? '2' : '1'))
    const { isFinal, message } = await refusal(provide(alice, { store: memoryStore(entries) }).connect())
    expect(isFinal).to.equal(true)
    expect(message).to.include('names another TokenNetwork').and.include(`now=${parties.network.address.toLowerCase()}`).and.include('needs a store without records')
  })

  it('is refused when the chain has been reset, as long as it is', async () => {
    const entries = await before()
    const blank = await parties.chain.rpc('evm_snapshot')
    await parties.chain.rpc('anvil_setCode', parties.network.address, '0x')
    expect((await refusal(provide(alice, { store: memoryStore(entries) }).connect())).message).to.include('no longer has the TokenNetwork')
    await parties.chain.rpc('anvil_setCode', parties.chain.registry.address, '0x')
    const { message } = await refusal(provide(alice, { store: memoryStore(entries) }).connect())
    expect(message).to.include('no longer has the TokenNetwork').and.include('needs a store without records')
    await parties.chain.rpc('evm_revert', blank)
    await provide(alice, { store: memoryStore(entries) }).connect()
  })

  it('is refused when the token has other decimals now', async () => {
    const entries = await before()
    for (const key of entries.keys()) if (key.startsWith('evm:decimals:')) entries.set(key, '6')
    const { isFinal, message } = await refusal(provide(alice, { store: memoryStore(entries) }).connect())
    expect(isFinal).to.equal(true)
    expect(message).to.include('decimals of the token have changed').and.include('before=6 now=18')
  })

  it('is refused also by a life that connects again', async () => {
    const life = provide(alice)
    await life.connect()
    await life.disconnect()
    await parties.chain.rpc('anvil_setCode', parties.network.address, '0x')
    expect((await refusal(life.connect())).message).to.include('no longer has the TokenNetwork')
  })

  it('of channels and operations is not that of another network, token or peer', async () => {
    const entries = new Map<string, string>()
    const { token, network } = await parties.chain.createNetwork(6)
    await token.send(owner.address, 'mint', alice.address, 100)
    const first = provide(alice, { store: memoryStore(entries) })
    await first.connect()
    const { channelId } = await first.openChannel(them, 86_400, 'open:0')
    await first.findChannels(them)
    await first.disconnect()
    const other = provide(alice, { store: memoryStore(entries), tokenAddress: token.address.toLowerCase() })
    await other.connect()
    expect(await other.findChannels(them)).to.deep.equal([])
    expect(await other.tokenDecimals()).to.equal(6)
    const opened = await other.openChannel(them, 86_400, 'open:0')
    expect((await network.readAll('channels', opened.channelId)).state).to.equal(1n)
    expect((await other.openChannel(owner.address.toLowerCase(), 86_400, 'open:0')).channelId).to.not.equal(opened.channelId)
    await other.disconnect()
    const again = provide(alice, { store: memoryStore(entries) })
    await again.connect()
    expect((await again.openChannel(them, 86_400, 'open:0')).channelId).to.equal(channelId)
    await until(async () => (await again.findChannels(them)).length === 1)
  })
})
