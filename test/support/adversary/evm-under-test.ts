/** The real chain plugin on a node of its own, as the adversary attacks it. No call here waits for a timer: those stand still. */
import { EvmClaims } from '../../../plugins/evm/claims.js'
import { rawKeyOf } from '../../../plugins/evm/chain/signer.js'
import { accounts, CHAIN_ID, type Chain, type Deployed } from '../../../examples/evm-chain.js'
import { RpcProxy } from '../evm/rpc-proxy.js'
import { proofOf } from '../evm/signatures.js'
import type { ChainAct, ChainUnderTest, Identity, OpenChannel, Weather } from './chain.js'

const TOKENS = 1_000_000n
const DECIMALS = 9
const CLOSED = 2n
const SETTLED = 3n
const GAS = '0x989680'
/** The plugin looks for receipts as often. */
const POLLING_MS = 200
const [owner, us, ...others] = accounts as [typeof accounts[number], typeof accounts[number], ...typeof accounts]

export class EvmUnderTest implements ChainUnderTest {
  readonly ours = us.address.toLowerCase()
  readonly identities: [Identity, Identity]
  readonly plugin = 'evm'
  readonly patienceMs = 1
  activity = 0
  beginsMs = 0
  readonly #channelIds: string[] = []

  private constructor (
    private readonly chain: Chain, private readonly token: Deployed, private readonly network: Deployed, private readonly proxy: RpcProxy
  ) {
    const contract = { chainId: BigInt(CHAIN_ID), tokenNetwork: network.address.toLowerCase(), token: token.address.toLowerCase() }
    const identityOf = ({ address, privateKey }: typeof us): Identity =>
      ({ address: address.toLowerCase(), codec: new EvmClaims(contract, rawKeyOf(privateKey)) })
    this.identities = [identityOf(others[0]!), identityOf(others[1]!)]
  }

  /** A token and a network of its own. Before the clock stands still. */
  static async make (chain: Chain): Promise<EvmUnderTest> {
    const { token, network } = await chain.createNetwork(DECIMALS)
    for (const { address } of [us, others[0]!, others[1]!]) {
      await token.send(owner.address, 'mint', address, TOKENS)
      await token.send(address, 'approve', network.address, TOKENS * TOKENS)
    }
    const made = new EvmUnderTest(chain, token, network, await new RpcProxy(chain.url).start())
    made.beginsMs = await chain.now() * 1000
    return made
  }

  optionsFor (peerAddress: string): Record<string, unknown> {
    const { chain: { registry }, token, proxy } = this
    return {
      chain: {
        chainId: CHAIN_ID, rpcUrl: proxy.url, registryAddress: registry.address, tokenAddress: token.address, keyId: us.privateKey,
        tokenDecimals: DECIMALS, confirmations: 1
      },
      peerAddress,
      pollingIntervalMs: POLLING_MS
    }
  }

  async wallet (address: string): Promise<bigint> {
    return (await this.#read(this.token, 'balanceOf', address))[0] as bigint
  }

  async channels (): Promise<OpenChannel[]> {
    await this.#findChannels()
    const found = await Promise.all(this.#channelIds.map(channelId => this.#channel(channelId)))
    return found.filter(channel => channel !== undefined)
  }

  async act (by: Identity, act: ChainAct): Promise<void> {
    const { codec } = by
    switch (act.do) {
    case 'open': { await this.#send(by, 'openChannel', this.ours, act.challengeSecs); return }
    case 'deposit': {
      const { channelId, into, amount } = act
      const owner = into === 'ours' ? this.ours : by.address
      const [before] = await this.#read(this.network, 'participants', channelId, owner)
      await this.#send(by, 'setTotalDeposit', channelId, owner, before as bigint + amount)
      return
    }
    case 'redeem': {
      const { channelId, nonce, total, signature } = codec.parse(act.claim)
      await this.#send(by, 'claimFromChannel', channelId, proofOf(channelId, nonce, total), signature)
      return
    }
    case 'close': { await this.#send(by, 'closeChannel', act.channelId); return }
    case 'settle': { await this.#send(by, 'settleChannel', act.channelId); return }
    case 'closeTogether': {
      const { consent: { channelId, least, validUntil }, signature } = act
      const claim = act.claim && codec.parse(act.claim)
      const proof = proofOf(channelId, claim?.nonce ?? 0n, claim?.total ?? 0n)
      await this.#send(by, 'closeWithConsent', channelId, proof, claim?.signature ?? '0x', least, validUntil, signature)
    }
    }
  }

  async isSigned (claim: Buffer): Promise<boolean> {
    const { codec } = this.identities[0]
    return await codec.verify(codec.parse(claim))
  }

  /** Sets its clock to what the time will be. */
  async pass (ms: number): Promise<void> {
    const timestamp = Math.floor((Date.now() + ms) / 1000) + 1
    await this.#rpc('evm_setNextBlockTimestamp', timestamp).catch(() => undefined) // it may be there already
    await this.#rpc('evm_mine')
  }

  setWeather (weather: Weather): void {
    if (weather === 'away') this.proxy.cut()
    else if (this.proxy.isCut) this.proxy.mend()
  }

  stop (): void {
    this.proxy.stop().catch(() => undefined)
  }

  async #channel (channelId: string): Promise<OpenChannel | undefined> {
    const [challenge, state, , , one, other] = await this.#read(this.network, 'channels', channelId) as [bigint, bigint, bigint, bigint, string, string]
    const address = (one.toLowerCase() === this.ours ? other : one).toLowerCase()
    if (state === SETTLED || !this.identities.some(identity => identity.address === address)) return undefined
    const side = async (of: string, by: string): Promise<OpenChannel['ours']> => ({
      deposit: (await this.#read(this.network, 'participants', channelId, of))[0] as bigint,
      redeemed: (await this.#read(this.network, 'claimedAmounts', channelId, by))[0] as bigint
    })
    const [ours, theirs] = [await side(this.ours, address), await side(address, this.ours)]
    return { channelId, address, challengeSecs: Number(challenge), isClosing: state === CLOSED, ours, theirs }
  }

  async #findChannels (): Promise<void> {
    const { address, iface } = this.network
    const topic = iface.getEvent('ChannelOpened')?.topicHash
    const logs = await this.#rpc('eth_getLogs', { address, topics: [topic], fromBlock: '0x0', toBlock: 'latest' }) as Array<{ topics: string[] }>
    for (const { topics } of logs.slice(this.#channelIds.length)) this.#channelIds.push(topics[1]!)
  }

  async #read ({ address, iface }: Deployed, method: string, ...args: unknown[]): Promise<unknown[]> {
    const data = await this.#rpc('eth_call', { to: address, data: iface.encodeFunctionData(method, args) }, 'latest')
    return iface.decodeFunctionResult(method, data as string).toArray() as unknown[]
  }

  /** Rejects when the contract does. */
  async #send ({ address }: Identity, method: string, ...args: unknown[]): Promise<void> {
    const call = { from: address, to: this.network.address, data: this.network.iface.encodeFunctionData(method, args) }
    await this.#rpc('eth_call', call, 'latest')
    await this.#rpc('eth_sendTransaction', { ...call, gas: GAS })
    this.activity++
  }

  async #rpc (method: string, ...params: unknown[]): Promise<unknown> {
    const response = await fetch(this.chain.url, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    })
    const { result, error } = await response.json() as { result?: unknown, error?: { message: string } }
    if (error !== undefined) throw new Error(error.message)
    return result
  }
}
