/** Contracts that are not what one expects: of another generation, behind proxies, with tokens that do not pay out or have no name. */
import { expect } from 'chai'
import { noRejectionLeft } from '../../support/unhandled.js'
import type { EvmProvider } from '../../../plugins/evm/provider.js'
import { ChainError } from '../../../plugins/lib/channels/types.js'
import type { Deployed } from '../../../examples/evm-chain.js'
import { lives, memoryLog, memoryStore } from '../../support/evm/life.js'
import { alice, bob, owner, setUp } from '../../support/evm/parties.js'
import { proofOf, signProof } from '../../support/evm/signatures.js'
import { until } from '../../support/waiting.js'

const them = bob.address.toLowerCase()

describe('an EVM network', () => {
  noRejectionLeft()
  const parties = setUp()
  const provide = lives(parties)

  function at (network: Deployed): Promise<Deployed> {
    return parties.chain.deploy('OneRegistry', network.address)
  }

  async function refusal (registry: Deployed): Promise<ChainError> {
    const provider = provide(alice, { registryAddress: registry.address.toLowerCase() })
    const error = await provider.connect().then(() => undefined, (reason: unknown) => reason)
    if (!(error instanceof ChainError)) throw new Error('expected a ChainError', { cause: error })
    return error
  }

  it('of the older generation is refused before anything is put in, with its address and what to do', async () => {
    const older = await parties.chain.deploy('OlderNetwork')
    const { isFinal, message } = await refusal(await at(older))
    expect(isFinal).to.equal(true)
    expect(message).to.include(`the TokenNetwork at ${older.address.toLowerCase()} is of the older generation`)
      .and.include('use a registryAddress whose networks have the functions of')
  })

  it('from before one side\'s consent was enough works, and its channels are closed by challenge', async () => {
    const former = await parties.chain.deploy('FormerNetwork')
    const provider = provide(alice, { registryAddress: (await at(former)).address.toLowerCase() })
    await provider.connect()
    expect(await provider.canCloseTogether()).to.equal(false)
    expect(await provider.depositLimit()).to.equal(undefined)
  })

  it('that is none is refused, with what it lacks', async () => {
    const { isFinal, message } = await refusal(await at(parties.token))
    expect(isFinal).to.equal(true)
    expect(message).to.include(`the contract at ${parties.token.address.toLowerCase()} is not a TokenNetwork: it has no openChannel(address,uint256), no `)
  })

  it('behind a proxy is judged by what the proxy stands for', async () => {
    const older = await parties.chain.deploy('Proxy', (await parties.chain.deploy('OlderNetwork')).address)
    expect((await refusal(await at(older))).message).to.include('is of the older generation')
    const good = await parties.chain.deploy('Proxy', parties.network.address)
    const provider = provide(alice, { registryAddress: (await at(good)).address.toLowerCase() })
    await provider.connect()
    expect(await provider.tokenNetwork()).to.equal(good.address.toLowerCase())
  })

  it('is not judged by a node that does not know it yet', async () => {
    const registry = await parties.chain.deploy('OneRegistry', `0x${'12'.repeat(20)}`)
    const { isFinal, message } = await refusal(registry)
    expect(isFinal).to.equal(false)
    expect(message).to.include('there is no such contract')
  })

  describe('whose token refuses to pay us', () => {
    const held = (): Promise<bigint> => parties.network.read('withdrawable', bob.address)
    const refuse = async (isRefusing: boolean): Promise<void> => {
      await parties.token.send(owner.address, 'setRefuses', bob.address, isRefusing)
    }

    /** Bob redeems 400, and gets nothing. */
    async function redeemRefused (options: Parameters<typeof provide>[1]): Promise<EvmProvider> {
      const id = await parties.openWith(1000, 0)
      const theirs = provide(bob, options)
      await theirs.connect()
      await refuse(true)
      const signature = await signProof(alice.privateKey, parties.network.address, proofOf(id, 1, 400))
      await theirs.redeem({ channelId: id, nonce: 1n, total: 400n, signer: alice.address.toLowerCase(), signature, text: '' }, 'redeem')
      expect(await held()).to.equal(400n)
      return theirs
    }

    it('pays when it does not refuse any more, once, after a restart', async () => {
      const [log, entries] = [memoryLog(), new Map<string, string>()]
      const first = await redeemRefused({ log, store: memoryStore(entries) })
      await until(() => log.lines.some(line => line.startsWith('the token refuses to pay us')))
      expect(log.lines.find(line => line.startsWith('the token refuses'))).to.include(`${them} 400 the contract refuses it: refused`)
      await first.disconnect()
      await refuse(false)
      const sent = await parties.chain.provider.getTransactionCount(bob.address)
      await provide(bob, { store: memoryStore(entries) }).connect()
      await until(async () => await held() === 0n)
      expect((await parties.gains())[1]).to.equal(400n)
      await parties.chain.mine(3)
      expect(await parties.chain.provider.getTransactionCount(bob.address) - sent).to.equal(1)
    })

    it('costs no fee while it refuses', async () => {
      const log = memoryLog()
      const theirs = await redeemRefused({ log })
      await until(() => log.lines.some(line => line.startsWith('the token refuses to pay us')))
      const sent = await parties.chain.provider.getTransactionCount(bob.address)
      await theirs.disconnect()
      expect(await parties.chain.provider.getTransactionCount(bob.address)).to.equal(sent)
    })
  })

  it('names its token, or nothing where the token has no name', async () => {
    expect(await provide(alice).tokenSymbol()).to.equal('TEST')
    const silent = await parties.chain.deploy('SilentToken')
    await parties.chain.registry.send(owner.address, 'createTokenNetwork', silent.address)
    expect(await provide(alice, { tokenAddress: silent.address.toLowerCase() }).tokenSymbol()).to.equal(undefined)
  })

  it('gets a deposit once, though a power cut loses all that was not synced', async () => {
    const kept = new Map<string, string>()
    const entries = new Map<string, string>()
    const store = memoryStore(entries)
    const putAll = async (values: Readonly<Record<string, string>>): Promise<void> => {
      for (const [key, value] of Object.entries(values)) await store.put(key, value)
      for (const [key, value] of entries) kept.set(key, value)
    }
    const id = await parties.open()
    const first = provide(alice, { store: { ...store, putAll } })
    await first.connect()
    await parties.chain.rpc('evm_setAutomine', false)
    const depositing = first.deposit(id, 100n, 'deposit').catch((error: unknown) => String(error))
    await until(async () => (await parties.chain.rpc('txpool_status') as { pending: string }).pending !== '0x0')
    await first.disconnect()
    expect(await depositing).to.include('disconnected')
    await parties.chain.rpc('evm_setAutomine', true)
    await parties.chain.mine()
    const second = provide(alice, { store: memoryStore(kept) })
    await second.connect()
    await second.deposit(id, 100n, 'deposit')
    expect((await parties.network.readAll('participants', id, alice.address)).deposit).to.equal(100n)
    expect((await parties.gains())[0]).to.equal(-100n)
  })
})
