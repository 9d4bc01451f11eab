/**
 * The plugin of Mina on the stand-in's chain, as the adversary attacks it: with real keys, transactions and claims, without proofs. The
 * adversary signs whatever it likes; what the chain then does with it is the rule of the contract.
 *
 * A slot passes with each block that has something in it, so challenges are longer here than the history says, by SCALE.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sinon from 'sinon'
import { SILENT_LOG } from '../../../src/contracts/logger.js'
import { MinaNode } from '../../../plugins/mina/chain/node.js'
import type { ChainAccount } from '../../../plugins/mina/chain/queries.js'
import { channelIn, type Channel } from '../../../plugins/mina/channel-account.js'
import { claimRecordOf } from '../../../plugins/mina/claim-record.js'
import { MinaClaims } from '../../../plugins/mina/claims.js'
import { CODE } from '../../../plugins/mina/contract/code.js'
import { openSigner, type MinaSigner } from '../../../plugins/mina/crypto/mina-signer.js'
import { signatures } from '../../../plugins/mina/crypto/signature-threads.js'
import { domainOf } from '../../../plugins/mina/hashes.js'
import type { MinaKey } from '../../../plugins/mina/keys.js'
import { TXN_VERSION } from '../../../plugins/mina/open-chain.js'
import { Prover } from '../../../plugins/mina/prover/prover.js'
import type { ProverJob } from '../../../plugins/mina/prover/jobs.js'
import { startMina, type MinaStandIn } from '../mina/index.js'
import { CHAIN_ID, freshKey, MINA, SLOT_SECS } from '../mina/settling.js'
import type { ChainAct, ChainUnderTest, Identity, OpenChannel, Weather } from './chain.js'
import { CHALLENGE_SECS } from './our-side.js'

const FUNDS = 10_000n * MINA
const FEE = MINA / 10n
const SCALE = 24
/** Of the slots that pass: somewhat faster than challenges, which begin when the transaction cannot come any more. */
const PASSING = 27
/** Of an end that the peer is asked for, as the plugin has it, and a little more. */
const END_SECS = 6 * 3600 + 120
const EXPECTED = { chainId: CHAIN_ID, codeHash: CODE.hash, txnVersion: TXN_VERSION }
/** The contract looks at no signature where nothing is claimed beyond what was paid. */
const NOTHING_CLAIMED = { nonce: 0n, signature: { r: '1', s: '1' } }
/** Slots in which a transaction of the adversary with an end has to come into a block. */
const SOON = 5
/** One for all histories: the chain, a node for the adversary, and what makes commands. */
export class MinaScene {
  private constructor (readonly chain: MinaStandIn, readonly node: MinaNode, readonly prover: Prover, readonly signer: MinaSigner) {}

  static async start (): Promise<MinaScene> {
    const chain = await startMina({ networkId: CHAIN_ID })
    const { url } = await chain.anotherNode()
    const prover = new Prover({
      cacheDir: join(tmpdir(), 'sluice-mina-tests'), timeoutMs: 60_000, maxRssMb: 4000, idleMs: 600_000, log: SILENT_LOG, proofs: false
    })
    return new MinaScene(chain, new MinaNode({ url }), prover, await openSigner('devnet'))
  }

  async stop (): Promise<void> {
    this.prover.stop()
    await this.chain.stop()
  }
}

interface Party extends Identity {
  key: MinaKey
  /** How many channels it has opened. */
  opened: number
}

export class MinaUnderTest implements ChainUnderTest {
  readonly ours: string
  readonly identities: [Party, Party]
  readonly plugin = 'mina'
  readonly patienceMs = 1
  readonly endSecs = END_SECS
  readonly beginsMs = Date.now()
  #activity = 0
  #underWay = 0
  /** What was there before this history. */
  readonly #above: number
  readonly #stub: sinon.SinonStub<[job: ProverJob, priority: number, preempts?: boolean | undefined], Promise<string>>
  #weather: Promise<unknown> = Promise.resolve()

  private constructor (
    private readonly scene: MinaScene, private readonly us: MinaKey, keys: [MinaKey, MinaKey], private tip: { height: number, slot: number }
  ) {
    this.ours = us.address
    this.identities = [this.#party(keys[0]), this.#party(keys[1])]
    this.#above = tip.height
    this.#stub = sinon.stub(Prover.prototype, 'prove').callsFake((job, priority) => this.#prove(job, priority))
  }

  /** Parties of its own. */
  static async make (scene: MinaScene): Promise<MinaUnderTest> {
    const { chain } = scene
    const keys = [freshKey(), freshKey(), freshKey()] as const
    for (const { text } of keys) await chain.fund(text, FUNDS)
    await chain.faults({})
    return new MinaUnderTest(scene, keys[0], [keys[1], keys[2]], await chain.follow(Date.now()))
  }

  /** While a command is being made, something happens all the time. */
  get activity (): number {
    if (this.#underWay > 0) this.#activity++
    return this.#activity
  }

  optionsFor (peerAddress: string): Record<string, unknown> {
    const { scene: { chain }, us } = this
    const on = { chainId: CHAIN_ID, graphqlUrl: chain.url, keyId: us.text, confirmations: 1, prover: { proofs: false } }
    return { chain: on, peerAddress, sameUnits: true, settlementTimeoutSecs: CHALLENGE_SECS * SCALE }
  }

  /** With what it has paid in fees, and for new accounts. */
  async wallet (address: string): Promise<bigint> {
    const { balance = 0n, nonce = 0 } = await this.#account(address) ?? {}
    const opened = this.identities.find(party => party.address === address)?.opened ?? 0
    return balance + FEE * BigInt(nonce) + MINA * BigInt(opened)
  }

  async channels (): Promise<OpenChannel[]> {
    const { accounts, blocks } = await this.scene.node.look(await this.scene.chain.called(this.#above), 1)
    const slot = blocks.at(-1)?.slot ?? 0
    return [...accounts.values()].flatMap(account => {
      const channel = account === undefined ? '' : channelIn(account, EXPECTED)
      if (typeof channel === 'string') return []
      const { address: channelId, payer, payee, closesAt, isFinished, balance, deposit, paid, challengeSlots } = channel
      const isOver = isFinished || (closesAt > 0 && slot >= closesAt && balance === 0n)
      if (isOver || (payer !== this.ours && payee !== this.ours)) return []
      const [side, other] = [{ deposit, redeemed: paid }, { deposit: 0n, redeemed: 0n }]
      const isOurs = payer === this.ours
      const [ours, theirs] = isOurs ? [side, other] : [other, side]
      const challengeSecs = Math.floor(challengeSlots * SLOT_SECS / SCALE)
      return [{ channelId, address: isOurs ? payee : payer, challengeSecs, isClosing: closesAt > 0, ours, theirs }]
    })
  }

  async act (by: Identity, act: ChainAct): Promise<void> {
    const party = this.identities.find(({ address }) => address === by.address) ?? this.identities[0]
    if (act.do === 'open') await this.#open(party, act.challengeSecs)
    else if (act.do === 'deposit') await this.#deposit(party, act)
    else if (act.do === 'closeTogether') throw new Error('nobody signs an end on this chain')
    else await this.#call(party, act)
  }

  async isSigned (text: Buffer): Promise<boolean> {
    const { channelId, total: amount, nonce, signature } = this.identities[0].codec.parse(text)
    const account = await this.#account(channelId)
    const channel = account === undefined ? '' : channelIn(account, EXPECTED)
    if (typeof channel === 'string' || channel.payee !== this.ours) return false
    const terms = { channel: channelId, domain: domainOf(CHAIN_ID, channelId), amount, nonce }
    return await signatures.isSignedBy(terms, signature, channel.payer)
  }

  async pass (ms: number): Promise<void> {
    await this.#weather
    const { slot } = await this.scene.chain.follow(Date.now())
    await this.scene.chain.slot(slot + Math.ceil(ms * PASSING / (SLOT_SECS * 1000)))
  }

  setWeather (weather: Weather): void {
    const { tip: { height }, scene: { chain } } = this
    const faults = {
      fine: {}, away: { requests: [{ does: 'loseRequest' as const }] }, stale: { standsAt: height }
    }
    this.#weather = this.#weather.then(() => chain.faults(faults[weather]))
  }

  /** Blocks come as the clock goes, and the clock as the stand-in answers: a busy machine changes nothing. */
  async breathe (): Promise<void> {
    await this.#follow()
  }

  stop (): void {
    this.#stub.restore()
  }

  async #prove (job: ProverJob, priority: number): Promise<string> {
    this.#underWay++
    try {
      return await this.#stub.wrappedMethod.call(this.scene.prover, job, priority)
    } finally {
      this.#underWay--
      this.#activity++
    }
  }

  async #open (party: Party, challengeSecs: number): Promise<void> {
    const key = freshKey()
    const challengeSlots = Math.ceil(challengeSecs * SCALE / SLOT_SECS)
    await this.#send(party, {
      kind: 'open', address: key.address, payer: party.address, payee: this.ours, chainId: CHAIN_ID, challengeSlots, deposit: 0n, exists: false
    }, [key.text])
    party.opened++
  }

  /** A plain payment, which anyone can make to anything: what the history means by it is left to the history. */
  async #deposit ({ key: { address, text } }: Party, { channelId, into, amount }: ChainAct & { do: 'deposit' }): Promise<void> {
    const { payer } = await this.#channel(channelId)
    if ((payer === this.ours) !== (into === 'ours')) throw new Error('nothing but its payer has money in a channel')
    const { scene: { node, signer } } = this
    const nonce = await this.#nonceOf(address)
    const payment = {
      from: address, to: channelId, amount: String(amount), fee: String(FEE), nonce: String(nonce), memo: '', validUntil: '4294967295'
    }
    await node.sendPayment(payment, signer.signPayment(payment, text).signature)
    await this.#follow()
  }

  async #call (party: Party, act: Extract<ChainAct, { do: 'redeem' | 'close' | 'settle' }>): Promise<void> {
    const { channelId } = act
    const { payer, paid, balance } = await this.#channel(channelId)
    const { state = [] } = await this.#account(channelId) ?? {}
    const on = { sender: party.address, channel: { address: channelId, state: state.map(String) } }
    const until = this.tip.slot + SOON
    if (act.do === 'redeem') {
      const { total, nonce, signature } = party.codec.parse(act.claim)
      const { signature: numbers } = claimRecordOf(total, nonce, signature)
      await this.#send(party, { kind: 'redeem', ...on, claim: { amount: total, nonce, signature: numbers } })
    } else if (act.do === 'settle') await this.#send(party, { kind: 'settle', ...on, amount: balance })
    else if (payer === party.address) await this.#send(party, { kind: 'startClose', ...on, until })
    else await this.#send(party, { kind: 'finish', ...on, claim: { ...NOTHING_CLAIMED, amount: paid }, rest: balance, until })
  }

  /** Rejects when the chain does. */
  async #send ({ key: { address, text } }: Party, job: ProverJob, also: readonly string[] = []): Promise<void> {
    const { scene: { node, signer } } = this
    let zkappCommand: unknown = JSON.parse(await this.#prove(job, 1))
    const feePayer = { feePayer: address, fee: String(FEE), nonce: String(await this.#nonceOf(address)), memo: '', validUntil: null }
    for (const key of [...also, text]) zkappCommand = signer.signZkappCommand({ zkappCommand, feePayer }, key).data.zkappCommand
    await node.sendZkapp(zkappCommand)
    await this.#follow()
  }

  async #follow (): Promise<{ height: number, slot: number }> {
    const tip = await this.scene.chain.follow(Date.now())
    if (tip.height !== this.tip.height) this.#activity++
    return this.tip = tip
  }

  async #nonceOf (address: string): Promise<number> {
    return (await this.#account(address))?.inferredNonce ?? 0
  }

  async #channel (channelId: string): Promise<Channel> {
    const account = await this.#account(channelId)
    const channel = account === undefined ? 'there is none' : channelIn(account, EXPECTED)
    if (typeof channel === 'string') throw new Error(channel)
    return channel
  }

  async #account (address: string): Promise<ChainAccount | undefined> {
    return (await this.scene.node.look([address], 1)).accounts.get(address)
  }

  #party (key: MinaKey): Party {
    const { scene: { signer }, us } = this
    const codec = new MinaClaims({ chainId: CHAIN_ID, key, peer: us.address, signer, signatures })
    return { key, address: key.address, codec, opened: 0 }
  }
}
