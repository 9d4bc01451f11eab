/** Tokens of which not all arrives are refused before money goes in and before a claim is taken; all others are not. */
import { expect } from 'chai'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { parseOptions } from '../../../../plugins/evm/options.js'
import { openEvmChain } from '../../../../plugins/evm/open-chain.js'
import type { EvmProvider } from '../../../../plugins/evm/provider.js'
import { ChainError, type Claim } from '../../../../plugins/lib/channels/types.js'
import type { Deployed } from '../../../../examples/evm-chain.js'
import { lives, memoryLog, memoryStore } from '../../../support/evm/life.js'
import { alice, bob, DAY, FUNDS, owner, setUp } from '../../../support/evm/parties.js'
import { RpcProxy } from '../../../support/evm/rpc-proxy.js'
import { proofOf, signProof } from '../../../support/evm/signatures.js'

const us = alice.address.toLowerCase()
const them = bob.address.toLowerCase()

describe('tokens of EVM networks', () => {
  noRejectionLeft()
  const parties = setUp()
  const provide = lives(parties)
  let proxy: RpcProxy

  beforeEach(async () => { proxy = await new RpcProxy(parties.chain.url).start() })
  afterEach(() => proxy.stop())

  async function connected (options: Parameters<typeof provide>[1] = {}, who = alice): Promise<EvmProvider> {
    const provider = provide(who, { rpcUrl: proxy.url, ...options })
    await provider.connect()
    return provider
  }

  async function refusal (work: Promise<unknown>): Promise<ChainError> {
    const error = await work.then(() => undefined, (reason: unknown) => reason)
    if (!(error instanceof ChainError)) throw new Error('expected a ChainError', { cause: error })
    return error
  }

  /** The node takes no state overrides: it ignores them, or says so. */
  function withoutOverrides (says: boolean): void {
    proxy.behaviour = (request, ask) => {
      if (request.method !== 'eth_call' || request.params.length < 3) return ask(request)
      return says ? { error: { code: -32602, message: 'too many arguments, want at most 2' } } : ask({ ...request, params: request.params.slice(0, 2) })
    }
  }

  async function claimOf (channelId: string, nonce: number, amount: number): Promise<Claim> {
    const signature = await signProof(alice.privateKey, parties.network.address, proofOf(channelId, nonce, amount))
    return { channelId, nonce: BigInt(nonce), total: BigInt(amount), signer: us, signature, text: '' }
  }

  for (const [how, spoil] of [
    ['take a fee', () => parties.token.send(owner.address, 'setFeePercent', 1)],
    ['answer false', () => parties.token.send(owner.address, 'setAnswersFalse', true)],
    ['say that they have moved what they have not', () => parties.token.send(owner.address, 'setLies', true)]
  ] as const) {
    it(`that ${how} are refused before anything goes in, with their address and what to do`, async () => {
      const ours = await connected()
      const id = await parties.open()
      await spoil()
      const before = await parties.gains()
      const deposit = (operationId: string): Promise<unknown> => ours.deposit(id, 1000n, operationId)
      for (const work of [() => ours.openChannel(them, DAY, 'open'), () => deposit('deposit'), () => deposit('again')]) {
        const { isFinal, message } = await refusal(work())
        expect(isFinal).to.equal(true)
        expect(message).to.include(`token=${parties.token.address.toLowerCase()}`).and.include('Settle in another token')
      }
      expect(await parties.gains()).to.deep.equal(before)
      expect((await parties.network.readAll('participants', id, alice.address)).deposit).to.equal(0n)
      await ours.disconnect()
    })
  }

  it('that take a fee are refused before a claim is taken, by somebody who has none of them', async () => {
    const id = await parties.openWith(1000, 0)
    await parties.token.send(bob.address, 'transfer', owner.address, FUNDS)
    await parties.token.send(owner.address, 'setFeePercent', 1)
    const { chain } = parties
    const options = parseOptions({
      server: 'btp+ws://:token@127.0.0.1:9',
      peerAddress: us,
      chain: {
        chainId: 31337,
        rpcUrl: chain.url,
        registryAddress: chain.registry.address,
        tokenAddress: parties.token.address,
        keyId: bob.privateKey,
        tokenDecimals: 18
      }
    })
    const { provider, codec } = await openEvmChain(options, { account: { assetCode: 'T', assetScale: 18 }, store: memoryStore(), log: memoryLog() } as never)
    const claim = await claimOf(id, 1, 400)
    expect((await refusal(codec.verify(claim))).message).to.include('not all of a transfer of the token arrives')
    await parties.token.send(owner.address, 'setFeePercent', 0)
    const { codec: other } = await openEvmChain(options, { account: { assetCode: 'T', assetScale: 18 }, store: memoryStore(), log: memoryLog() } as never)
    expect(await other.verify(claim)).to.equal(true)
    await provider.disconnect()
  })

  for (const says of [true, false]) {
    it(`that take a fee are refused once a deposit has shown it, where the node ${says ? 'refuses' : 'ignores'} what it is to pretend`, async () => {
      withoutOverrides(says)
      const entries = new Map<string, string>()
      const ours = await connected({ store: memoryStore(entries) })
      const { channelId } = await ours.openChannel(them, DAY, 'open')
      await parties.token.send(owner.address, 'setFeePercent', 10)
      expect((await refusal(ours.deposit(channelId, 100n, 'deposit'))).isFinal).to.equal(true)
      expect((await refusal(ours.deposit(channelId, 300n, 'again'))).isFinal).to.equal(true)
      expect((await refusal(ours.checkToken())).isFinal).to.equal(true)
      expect((await ours.getChannelState(channelId))?.ours.deposit, 'and can be closed').to.equal(90n)
      await ours.close(channelId, 'close')
    })
  }

  it('that take a fee are refused once a redemption has shown it, and what there is, is taken out', async () => {
    withoutOverrides(true)
    const id = await parties.openWith(1000, 0)
    const theirs = await connected({}, bob)
    await parties.token.send(owner.address, 'setFeePercent', 10)
    await theirs.redeem(await claimOf(id, 1, 400), 'redeem')
    expect((await parties.gains())[1]).to.equal(360n)
    expect((await refusal(theirs.checkToken())).isFinal).to.equal(true)
    await theirs.redeem(await claimOf(id, 2, 500), 'again')
    expect((await parties.gains())[1]).to.equal(450n)
  })

  it('that the network keeps for us for a while do not take a fee', async () => {
    withoutOverrides(true)
    const id = await parties.openWith(1000, 0)
    const theirs = await connected({}, bob)
    await parties.token.send(owner.address, 'setRefuses', bob.address, true)
    await theirs.redeem(await claimOf(id, 1, 400), 'redeem')
    await theirs.checkToken()
  })

  describe('that pay in full pass:', () => {
    const KINDS: ReadonlyArray<[string, () => Promise<Deployed>]> = [
      ['plain ones', () => Promise.resolve(parties.token)],
      ['those behind a proxy', async () => {
        const code = await parties.chain.deploy('TestToken', 6)
        return parties.chain.at((await parties.chain.deploy('Proxy', code.address)).address, code.iface.format())
      }],
      ['those whose transfers return nothing', () => parties.chain.deploy('SilentToken')]
    ]
    for (const [kind, deploy] of KINDS) {
      for (const canPretend of [true, false]) {
        it(`${kind}${canPretend ? '' : ', also where the node cannot pretend'}`, async () => {
          if (!canPretend) withoutOverrides(true)
          const token = await deploy()
          if (token !== parties.token) {
            await parties.chain.registry.send(owner.address, 'createTokenNetwork', token.address)
            await token.send(owner.address, 'mint', alice.address, 1000)
          }
          const network = await parties.chain.networkOf(token)
          const [entries, log] = [new Map<string, string>(), memoryLog()]
          const ours = await connected({ tokenAddress: token.address.toLowerCase(), store: memoryStore(entries), log })
          const { channelId } = await ours.openChannel(them, DAY, 'open')
          await ours.deposit(channelId, 7n, 'deposit')
          await ours.checkToken()
          expect((await network.readAll('participants', channelId, alice.address)).deposit).to.equal(7n)
          expect([...entries].find(([key]) => key.startsWith('evm:token:'))?.[1]).to.equal('whole')
        })
      }
    }
  })
})
