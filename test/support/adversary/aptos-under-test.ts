/**
 * The plugin of Aptos on a stand-in's chain of its own, as the adversary attacks it: with real keys, transactions and claims. The adversary
 * signs whatever it likes; what the chain then does with it is the rule of the module.
 */
import { randomBytes } from 'node:crypto'
import { AptosClaims, isSigned, type ClaimSource } from '../../../plugins/aptos/claims.js'
import { ClaimKey } from '../../../plugins/aptos/claim-keys.js'
import { closeTogether, deposit, join, open, plain, redeem, type Payload } from '../../../plugins/aptos/chain/payloads.js'
import { signed } from '../../../plugins/aptos/chain/wire.js'
import { canonicalAddress } from '../../../plugins/aptos/formats.js'
import { keysOf, type AptosKey } from '../../../plugins/aptos/keys.js'
import { claimMessage } from '../../../plugins/aptos/messages.js'
import { startAptos, type AptosStandIn } from '../aptos/index.js'
import { entitled, type Channel, type Side } from '../aptos/rules.js'
import type { ChainAct, ChainUnderTest, Identity, OpenChannel, Weather } from './chain.js'

const TOKENS = 1_000_000n
const OCTAS = 100_000_000_000n
/** Blocks come so often, in real ms: time stands still for everybody else. */
const BLOCK_MS = 4
const GAS = { price: 100n, maxGas: 2000n }

interface Party extends Identity {
  key: AptosKey
  claimKey: ClaimKey
}

export class AptosUnderTest implements ChainUnderTest {
  readonly ours: string
  readonly identities: [Party, Party]
  readonly plugin = 'aptos'
  readonly patienceMs = 2
  readonly beginsMs = Date.now()
  readonly #us = `0x${randomBytes(32).toString('hex')}`
  readonly #place: { network: number, moduleAddress: string }

  private constructor (private readonly chain: AptosStandIn) {
    this.#place = { network: chain.chain.chainId, moduleAddress: canonicalAddress(chain.code) }
    this.ours = keysOf(this.#us).key.address
    this.identities = [this.#party(), this.#party()]
    for (const address of this.#addresses()) {
      chain.fund(address, OCTAS)
      chain.fund(address, TOKENS, chain.asset)
    }
  }

  /** A chain of its own. Before the clock stands still: it goes on making blocks, with the times that the clock says. */
  static async make (): Promise<AptosUnderTest> {
    return new AptosUnderTest(await startAptos({ blockMs: BLOCK_MS }))
  }

  get activity (): number {
    return this.#addresses().reduce((sum, address) => sum + this.chain.chain.transactionsOf(address).length, 0)
  }

  optionsFor (peerAddress: string): Record<string, unknown> {
    const { chain: { url, code, asset } } = this
    const chainId = `aptos:${this.#place.network}`
    return { chain: { chainId, rpcUrl: url, moduleAddress: code, tokenAddress: asset, keyId: this.#us }, peerAddress, sameUnits: true }
  }

  /** With what waits for it in channels, which nobody else can take. */
  wallet (address: string): Promise<bigint> {
    const waiting = this.#channels().filter(rules => sidesIn(rules, address) !== undefined).map(rules => entitled(rules, address))
    return Promise.resolve(waiting.reduce((sum, amount) => sum + amount, this.chain.balance(address, this.chain.asset)))
  }

  channels (): Promise<OpenChannel[]> {
    return Promise.resolve(this.#channels().flatMap(rules => {
      const sides = sidesIn(rules, this.ours)
      if (sides === undefined || rules.state === 'settled') return []
      const [ours, theirs] = sides.map(({ deposit, paid }) => ({ deposit, redeemed: paid })) as [OpenChannel['ours'], OpenChannel['ours']]
      return [{
        channelId: rules.id, address: sides[1].party, challengeSecs: Number(rules.challengeSecs), isClosing: rules.state === 'closing', ours, theirs
      }]
    }))
  }

  async act (by: Identity, act: ChainAct): Promise<void> {
    const party = this.identities.find(({ address }) => address === by.address) ?? this.identities[0]
    switch (act.do) {
    case 'open': {
      const key = party.claimKey.publicKey
      await this.#send(party, open(this.#place, { peer: this.ours, asset: this.chain.asset, challengeSecs: act.challengeSecs, key }))
      return
    }
    case 'deposit': {
      if (act.into === 'ours') throw new Error('nobody fills the side of another party')
      await this.#join(party, act.channelId)
      await this.#send(party, deposit(this.#place, act.channelId, act.amount))
      return
    }
    case 'redeem': {
      const { channelId, total, signature } = by.codec.parse(act.claim)
      await this.#send(party, redeem(this.#place, channelId, total, signature))
      return
    }
    case 'close':
    case 'settle': {
      await this.#send(party, plain(this.#place, act.do, act.channelId))
      return
    }
    case 'closeTogether': {
      const { consent: { channelId, least, validUntil }, signature } = act
      const claim = act.claim === undefined ? { total: 0n, signature: '' } : by.codec.parse(act.claim)
      await this.#send(party, closeTogether(this.#place, channelId, claim, { least, validUntil: BigInt(validUntil), signature }))
    }
    }
  }

  isSigned (text: Buffer): Promise<boolean> {
    const { channelId, total, signature } = this.identities[0].codec.parse(text)
    const theirs = sidesIn(this.#rules(channelId), this.ours)?.[1] // whichever of its addresses that is
    const message = theirs && claimMessage(this.#place, channelId, theirs.party, total)
    return Promise.resolve(theirs !== undefined && message !== undefined && isSigned(hexOf(theirs), message, signature))
  }

  async pass (): Promise<void> {
    await Promise.resolve() // its clock is Date
  }

  setWeather (weather: Weather): void {
    this.chain.faults.clear()
    if (weather === 'away') this.chain.faults.add({ does: 'loseRequest' })
    if (weather === 'stale') this.chain.node.standStill()
  }

  stop (): void {
    this.chain.stop().catch(() => undefined)
  }

  async #join (party: Party, channelId: string): Promise<void> {
    const [side] = sidesIn(this.#rules(channelId), party.address) ?? []
    if (side !== undefined && hexOf(side) === '') await this.#send(party, join(this.#place, channelId, party.claimKey.publicKey))
  }

  /** Rejects when the module does. */
  async #send ({ key, address }: Party, payload: Payload): Promise<void> {
    const { chain } = this.chain
    const sequence = chain.ledger.at(chain.ledger.version).get('account', address)?.sequence ?? 0n
    const expiration = Number(chain.lastBlock.timestamp / 1_000_000n) + 60
    const envelope = { sender: address, network: this.#place.network, sequence, ...GAS, expiration }
    const { bytes, hash } = await signed(payload, envelope, key.publicKey, message => key.sign(message))
    chain.submit(bytes)
    chain.block()
    const { outcome } = chain.transaction(hash) ?? {}
    if (outcome?.success !== true) throw new Error(outcome?.vmStatus ?? 'it is in no block')
  }

  #addresses (): string[] {
    return [this.ours, ...this.identities.map(({ address }) => address)]
  }

  #channels (): Channel[] {
    const { chain: { ledger } } = this.chain
    const state = ledger.at(ledger.version)
    const ids = this.#addresses().flatMap(address => state.get('opened', address) ?? [])
    return ids.flatMap(id => this.#rules(id) ?? [])
  }

  #rules (channelId: string): Channel | undefined {
    return this.chain.channel(channelId)?.rules
  }

  /** It sees all of the chain, and signs for its channels with a key of its own. */
  #party (): Party {
    const { key, claimSecret } = keysOf(randomBytes(32).toString('hex'))
    const { address } = key
    const claimKey = new ClaimKey(claimSecret, this.#place, address, this.ours)
    const knownKeyIn = (channelId: string, of: string): string | undefined => {
      const [side] = sidesIn(this.#rules(channelId), of) ?? []
      return side === undefined || hexOf(side) === '' ? undefined : hexOf(side)
    }
    const source: ClaimSource = {
      address,
      knownKeyIn,
      keyIn: (...of) => Promise.resolve(knownKeyIn(...of)),
      join: channelId => this.#join(this.identities.find(party => party.address === address) ?? this.identities[0], channelId),
      checkFresh: () => Promise.resolve()
    }
    return { address, key, claimKey, codec: new AptosClaims({ place: this.#place, source, keyFor: () => claimKey, peer: this.ours }) }
  }
}

/** Of a party, and of the other one. */
function sidesIn (rules: Channel | undefined, address: string): [Side, Side] | undefined {
  if (rules?.one.party === address) return [rules.one, rules.two]
  return rules?.two.party === address ? [rules.two, rules.one] : undefined
}

function hexOf ({ key }: Side): string {
  return key.slice(2)
}
