/**
 * The same data with another chain, contract, token or key than before. Claims are worth something on the channels of their own contract
 * only: none of another is taken, paid on, or left unlooked after.
 */
import { expect } from 'chai'
import { accounts, startChain, type Chain } from '../../../examples/evm-chain.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { neverHappens, onOneChain, TOKENS, type Connector, type Duo, type Setting } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

const AMOUNT = 5000n
const REFUSAL = /payment channels that are not settled, on another chain or contract, or of another key/

describe('records of another chain, contract or key', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { chain, start, startPaid } = onOneChain()
  let another: Chain
  before(async () => { another = await startChain('--chain-id', '8453') })
  after(() => another.stop())

  async function troubleOf (node: Connector): Promise<string> {
    return await eventually('settlement is refused', () => node.plugin.channels().trouble)
  }

  const cases: Array<[string, (duo: Duo) => Promise<Partial<Setting>>]> = [
    ['token', async () => ({ chain: { tokenAddress: (await tokenOn(chain())) } })],
    ['registry', async duo => {
      const registry = await startedRegistry(duo)
      return { chain: { registryAddress: registry } }
    }],
    ['chain', async () => ({
      chain: { chainId: 8453, rpcUrl: another.url, registryAddress: another.registry.address, tokenAddress: await tokenOn(another) }
    })],
    ['key of ours', () => Promise.resolve({ key: 3 })]
  ]

  async function tokenOn (on: Chain): Promise<string> {
    const { token } = await on.createNetwork(9)
    for (const { address } of accounts.slice(1, 4)) await token.send(accounts[0]!.address, 'mint', address, TOKENS)
    return token.address
  }

  async function startedRegistry ({ token }: Duo): Promise<string> {
    const { abi, bytecode } = await import('../../../plugins/evm/artifacts/TokenNetworkRegistry.js')
    const { ContractFactory } = await import('ethers')
    const { data } = await new ContractFactory(abi, bytecode).getDeployTransaction()
    const hash = await chain().rpc('eth_sendTransaction', { from: accounts[0]!.address, data, gas: '0x989680' }) as string
    const receipt = await eventually('it is deployed', async () => await chain().provider.getTransactionReceipt(hash) ?? undefined)
    await chain().at(receipt.contractAddress ?? '', abi).send(accounts[0]!.address, 'createTokenNetwork', token.address)
    return receipt.contractAddress ?? ''
  }

  for (const [what, change] of cases) {
    it(`are refused with another ${what}, no claim on them is made or taken, and they go on when it is put back`, async () => {
      const duo = await startPaid(AMOUNT)
      const changes = await change(duo)
      const { first: mallory } = duo
      const { channelId } = (await mallory.channels())[0]!
      const us = await duo.restart(1, changes)
      expect(await troubleOf(us)).to.match(REFUSAL)
      const claim = await duo.claim(1, channelId, 2_000_000n, 50_000n)
      expect(await mallory.tell(claim)).not.to.equal('taken')
      expect(await mallory.payWith(claim, 1000n), 'a packet that is paid for').to.equal('T00')
      expect(us.balance).to.equal(0n)
      expect(await us.pay(4000n), 'packets without claims go on').to.equal('fulfill')
      await neverHappens('something is paid', () => us.balance !== -4000n, 500)
      const error: unknown = await us.app.removePlugin('peer').then(() => undefined, (reason: unknown) => reason)
      expect(error).to.include({ httpErrorCode: 409 })
      await duo.restart(1, { chain: {}, key: 2 })
      await duo.even()
      await duo.leave(duo.second)
      expect([await duo.won(1), await duo.won(2)]).to.deep.equal([-1000n, 1000n])
    })
  }

  it('of which all are settled do no harm: the other chain begins with a channel of its own', async () => {
    const duo = await startPaid(AMOUNT)
    await duo.leave(duo.second)
    await eventually('both know', async () => (await duo.first.channels()).every(({ status }) => status === 'settled'))
    const tokenAddress = await tokenOn(another)
    const changes = { chain: { chainId: 8453, rpcUrl: another.url, registryAddress: another.registry.address, tokenAddress } }
    await duo.restart(1, changes)
    await duo.restart(0, changes)
    expect([duo.first.balance, duo.second.balance]).to.deep.equal([0n, 0n])
    expect(await duo.second.channels(), 'nothing of the other chain').to.deep.equal([])
    expect(await duo.first.pay(7000n)).to.equal('fulfill')
    await duo.even()
    const [channel] = await duo.second.channels()
    expect(channel).to.include({ theirTransferred: 7000n, chain: 'evm:8453' })
    await duo.second.plugin.channels().redeem(channel!.channelId)
    const token = another.at(tokenAddress, duo.token.iface.fragments)
    expect(await duo.won(2, token)).to.equal(7000n)
  })

  it('of a channel that the chain has taken back are worth nothing: no claim on it is taken any more', async () => {
    const duo = await start()
    const { first: mallory, second: us } = duo
    const snapshot = await chain().rpc('evm_snapshot')
    const channelId = await duo.openBy(1, 2, 100_000n)
    await eventually('we see it', async () => (await us.channels()).some(({ theirDeposit }) => theirDeposit > 0n))
    await chain().rpc('evm_revert', snapshot)
    await chain().mine(30)
    await eventually('we see that it is gone', async () => (await us.channels()).every(({ status }) => status === 'settled'))
    const claim = await duo.claim(1, channelId, 1n, 50_000n)
    expect(await mallory.tell(claim)).to.match(/the chain does not have it/)
    expect(await mallory.payWith(claim, 1000n)).to.equal('F06')
    expect([us.balance, us.delivered]).to.deep.equal([0n, 0n])
    expect(await us.pay(AMOUNT), 'we pay through another one').to.equal('fulfill')
    await duo.even()
    expect((await mallory.channels()).find(({ theirTransferred }) => theirTransferred === AMOUNT)?.channelId).not.to.equal(undefined)
  })
})
