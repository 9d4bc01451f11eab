/**
 * Whether everybody's account of what happened is the same: the applications', the nodes' books, their claims, and the chain.
 *
 * Undisturbed, all are equal to the unit. When a node is killed, packets that are under way then may have been taken by their receiver
 * although their sender is not told so. Such a packet is booked from its receiver up to some node on the way, which is the one that pays
 * for it: whoever fulfilled last cannot know whether the answer arrived. Nothing else may differ, and nothing of it in what was settled.
 */
import { expect } from 'chai'
import type { MovementKind } from '../../../src/contracts/ledger.js'
import type { AccountBook, Books } from './books.js'
import { amountsOnTheWay, NAMES, PAIRS, peersOf, type Channel, type Name, type Network, type State } from './network.js'
import type { Death } from './node-process.js'
import type { End, Packet } from './traffic.js'

export type AllBooks = Record<Name, Books>
export type AllStates = Record<Name, State[]>

/** How often, and how much, without sign. */
interface Sum {
  count: number
  amount: bigint
}

type Leg = [node: Name, account: Name | 'local', kind: MovementKind, hop: 0 | 1 | 2]

/** Where a packet is booked, in its order. */
const LEGS: Record<End, Leg[]> = { alice: legs('alice', 'carol'), carol: legs('carol', 'alice') }

function legs (from: End, to: End): Leg[] {
  return [
    [from, 'local', 'incoming', 0], [from, 'hub', 'outgoing', 1],
    ['hub', from, 'incoming', 1], ['hub', to, 'outgoing', 2],
    [to, 'hub', 'incoming', 2], [to, 'local', 'outgoing', 2]
  ]
}

/** Packets that were taken and that the sender was not told so of. */
export function doubtful (packets: readonly Packet[]): Packet[] {
  return packets.filter(packet => isTaken(packet) && packet.outcome !== 'fulfilled')
}

/** What the two ends remember. Throws where a packet's way cannot have been right, whatever happened. */
export function checkEnds (packets: readonly Packet[], deaths: readonly Death[]): void {
  for (const packet of packets) {
    const { id, amount, isWelcome, delivered, outcome } = packet
    if (delivered !== undefined) expect(delivered, `delivered of packet ${id}`).to.equal(amountsOnTheWay(amount)[2])
    if (outcome === 'fulfilled') expect(isTaken(packet), `packet ${id} was paid and not taken`).to.equal(true)
    if (outcome === 'refused') expect(delivered !== undefined && !isWelcome, `packet ${id} was refused by nobody`).to.equal(true)
  }
  for (const { id, sentMs, endedMs, outcome } of doubtful(packets)) {
    const wasUnderWay = deaths.some(({ fromMs, toMs }) => sentMs <= toMs && endedMs >= fromMs)
    expect(wasUnderWay, `packet ${id} was taken, ended with ${outcome}, and was not under way when a node was killed`).to.equal(true)
  }
}

/**
 * That every packet that was paid is in all books, that others are only if they were taken, then from the receiver's end up to some node,
 * and that a node has both legs of a packet or none.
 */
export function checkLegs (books: AllBooks, packets: readonly Packet[]): void {
  for (const from of ['alice', 'carol'] as const) {
    const sent = packets.filter(packet => packet.from === from)
    const [paid, taken] = [sent.filter(({ outcome }) => outcome === 'fulfilled'), sent.filter(isTaken)]
    let before = paid.length
    for (const [index, leg] of LEGS[from].entries()) {
      const [node, account, kind, hop] = leg
      const { count, amount } = movedOn(books, leg)
      const [least, most] = [sumAt(paid, hop), sumAt(taken, hop)]
      const what = `${kind} of ${account} at ${node}: ${amount} in ${count}, paid ${least.amount} in ${least.count}, taken ${most.amount} in ${most.count}`
      expect(count >= before && count <= most.count, what).to.equal(true)
      expect(amount >= least.amount && amount <= most.amount, what).to.equal(true)
      if (index % 2 === 1) expect(count, `both legs or none. ${what}`).to.equal(before)
      before = count
    }
  }
  for (const name of NAMES) {
    for (const [accountId, { open, moved: { reversed, adjusted } }] of books[name]) {
      expect([open, reversed.count, adjusted.count], `open, reversed and adjusted of ${accountId} at ${name}`).to.deep.equal([0n, 0, 0])
    }
  }
}

/**
 * That whatever one has paid the other has, to the unit. Balances are made of that and of packets, so they differ by packets in doubt and
 * by nothing else; undisturbed, by nothing.
 */
export function checkPairs (books: AllBooks, states: AllStates, { isDisturbed }: { isDisturbed: boolean }): void {
  for (const [one, other] of PAIRS) {
    for (const [payer, payee] of [[one, other], [other, one]] as const) {
      const { prepaid = '0' } = states[payer].find(({ peerId }) => peerId === payee) ?? {}
      const paid = bookOf(books, payer, payee).moved.settled.amount + BigInt(prepaid)
      expect(paid, `what ${payer} has paid ${payee}`).to.equal(-bookOf(books, payee, payer).moved.received.amount)
      if (!isDisturbed) expect(BigInt(prepaid), `what ${payer} has paid ${payee} for nothing`).to.equal(0n)
    }
    const sum = bookOf(books, one, other).balance + bookOf(books, other, one).balance
    if (!isDisturbed) expect(sum, `balances of ${one} and ${other}`).to.equal(0n)
  }
}

/** That the chain has paid out what the books say, all of it. */
export async function checkChain (network: Network, books: AllBooks): Promise<void> {
  for (const name of NAMES) {
    const earned = peersOf(name).reduce((sum, peer) =>
      sum - bookOf(books, name, peer).moved.received.amount + bookOf(books, peer, name).moved.received.amount, 0n)
    expect(await network.gained(name), `what ${name} gained on the chain`).to.equal(earned)
  }
  expect(await network.token.read('balanceOf', network.contract.address), 'left in the contract').to.equal(0n)
  const gains = await Promise.all(NAMES.map(name => network.gained(name)))
  expect(gains.reduce((a, b) => a + b), 'tokens made or lost').to.equal(0n)
}

/** That what an application's node says it owes it is what was paid, but for packets in doubt: some of them, whole. */
export function checkBalance (balance: bigint, end: End, packets: readonly Packet[]): void {
  const worth = (packet: Packet): bigint => packet.from === end ? packet.amount : -amountsOnTheWay(packet.amount)[2]
  const sure = packets.filter(({ outcome }) => outcome === 'fulfilled').reduce((sum, packet) => sum + worth(packet), 0n)
  const inDoubt = doubtful(packets).map(worth)
  let sums = new Set([sure])
  for (const amount of inDoubt) sums = new Set([...sums, ...[...sums].map(sum => sum + amount)])
  expect(sums.has(balance), `the books of ${end} say ${balance}; sure is ${sure}, in doubt ${inDoubt.join(', ')}`).to.equal(true)
}

/** What may only grow, whatever happens to those who say it. */
export class Ratchet {
  readonly #highest = new Map<string, bigint>()

  /** Throws when something has gone back. */
  look (name: Name, channels: readonly Channel[]): void {
    for (const channel of channels) {
      for (const field of ['deposit', 'theirDeposit', 'transferred', 'nonce', 'theirTransferred', 'theirNonce', 'redeemed'] as const) {
        const key = `${name} ${channel.channelId} ${field}`
        const value = BigInt(channel[field])
        const before = this.#highest.get(key) ?? 0n
        expect(value >= before, `${key} went back from ${before} to ${value}`).to.equal(true)
        this.#highest.set(key, value)
      }
    }
  }
}

function isTaken ({ delivered, isWelcome }: Packet): boolean {
  return delivered !== undefined && isWelcome
}

function sumAt (packets: readonly Packet[], hop: 0 | 1 | 2): Sum {
  return { count: packets.length, amount: packets.reduce((sum, { amount }) => sum + amountsOnTheWay(amount)[hop], 0n) }
}

function movedOn (books: AllBooks, [node, account, kind]: Leg): Sum {
  const { count, amount } = bookOf(books, node, account).moved[kind]
  return { count, amount: amount < 0n ? -amount : amount }
}

function bookOf (books: AllBooks, node: Name, account: string): AccountBook {
  const book = books[node].get(account)
  if (book === undefined) throw new Error(`${node} has no books of ${account}`)
  return book
}
