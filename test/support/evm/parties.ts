/** Two accounts with tokens, a stranger and a token's network: what tests of channels begin with. */
import { expect } from 'chai'
import { accounts, startChain, type Chain, type Deployed, type Outcome } from '../../../examples/evm-chain.js'
import { proofOf, signConsent, signProof, signTerms } from './signatures.js'

type Account = typeof accounts[number]

export const DAY = 86_400
/** What each account has of the token, all of it approved to the network. */
export const FUNDS = 1_000_000n
export const owner = accounts[0]!
export const stranger = accounts[3]!
/** Participant 1 is the one with the lower address. */
export const [alice, bob] = [accounts[1]!, accounts[2]!].sort(byAddress) as [Account, Account]

function byAddress (one: Account, other: Account): number {
  return one.address.toLowerCase() < other.address.toLowerCase() ? -1 : 1
}

/** Name and arguments of each. Fails the test if there was an error. */
export function eventsOf (outcome: Outcome): Array<[string, ...unknown[]]> {
  if (outcome.error !== undefined) throw new Error(`failed with ${outcome.error}`)
  return outcome.events.map(event => [event.name, ...event.args.toArray() as unknown[]])
}

export interface ConsentOptions {
  least: number
  claim?: { nonce: number, amount: number } | undefined
  /** Seconds since the epoch; a day from now by default. */
  validUntil?: number | undefined
}

export class Parties {
  chain!: Chain
  token!: Deployed
  network!: Deployed

  async start (): Promise<void> {
    this.chain = await startChain();
    ({ token: this.token, network: this.network } = await this.chain.createNetwork())
    for (const { address } of [alice, bob, stranger]) await this.fund(this.token, address)
  }

  async fund (token: Deployed, address: string): Promise<void> {
    eventsOf(await token.send(owner.address, 'mint', address, FUNDS))
    eventsOf(await token.send(address, 'approve', (await this.chain.networkOf(token)).address, FUNDS))
  }

  async open (by = alice.address, peer = bob.address, network = this.network): Promise<string> {
    return String(eventsOf(await network.send(by, 'openChannel', peer, DAY))[0]![1])
  }

  async openWith (deposit1: number | bigint, deposit2: number | bigint): Promise<string> {
    const id = await this.open()
    if (deposit1 > 0) eventsOf(await this.network.send(alice.address, 'setTotalDeposit', id, alice.address, deposit1))
    if (deposit2 > 0) eventsOf(await this.network.send(bob.address, 'setTotalDeposit', id, bob.address, deposit2))
    return id
  }

  async claim (by: Account, from: Account, id: string, nonce: number, amount: number): Promise<Outcome> {
    const proof = proofOf(id, nonce, amount)
    return this.network.send(by.address, 'claimFromChannel', id, proof, await signProof(from.privateKey, this.network.address, proof))
  }

  /** Sent by a stranger, who has got both signatures. */
  async closeTogether (id: string, transferred1: number, transferred2: number, deadline?: number): Promise<Outcome> {
    const until = BigInt(deadline ?? await this.chain.now() + DAY)
    const terms = { channelId: id, transferredAmount1: BigInt(transferred1), transferredAmount2: BigInt(transferred2), deadline: until }
    const signature1 = await signTerms(alice.privateKey, this.network.address, terms)
    const signature2 = await signTerms(bob.privateKey, this.network.address, terms)
    return this.network.send(stranger.address, 'cooperativeClose', id, transferred1, transferred2, until, signature1, signature2)
  }

  /** Ends a channel with the consent of `from` to `least`, and its proof where there is one. */
  async closeWithConsent (by: Account, from: Account, id: string, { least, claim, validUntil }: ConsentOptions): Promise<Outcome> {
    const until = BigInt(validUntil ?? await this.chain.now() + DAY)
    const { address } = this.network
    const granted = { channelId: id, participant: from.address, least: BigInt(least), validUntil: until }
    const consent = await signConsent(from.privateKey, address, granted)
    const proof = proofOf(id, claim?.nonce ?? 0, claim?.amount ?? 0)
    const signature = claim === undefined ? '0x' : await signProof(from.privateKey, address, proof)
    return this.network.send(by.address, 'closeWithConsent', id, proof, signature, least, until, consent)
  }

  /** What each of the two has gained since the funding, and what is in the network. */
  async gains (): Promise<[bigint, bigint, bigint]> {
    return [
      await this.token.read('balanceOf', alice.address) - FUNDS,
      await this.token.read('balanceOf', bob.address) - FUNDS,
      await this.token.read('balanceOf', this.network.address)
    ]
  }
}

/** The test contracts may have to be compiled, on a machine that does other things besides. */
const STARTING_MS = 120_000

/** For the surrounding `describe`: one chain, and everything as at the start before each test. */
export function setUp (): Parties {
  const parties = new Parties()
  let snapshot: unknown
  before(function () {
    this.timeout(STARTING_MS)
    return parties.start()
  })
  beforeEach(async () => { snapshot = await parties.chain.rpc('evm_snapshot') })
  afterEach(async () => { expect(await parties.chain.rpc('evm_revert', snapshot)).to.equal(true) })
  after(() => parties.chain.stop())
  return parties
}
