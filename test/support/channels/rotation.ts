/** What the tests of handed-over keys do with a world of two parties. */
import { expect } from 'chai'
import { useFakeTimers } from 'sinon'
import { CHANNEL_PROTOCOL, CLAIM_PROTOCOL, messageEntry, messageOf } from '../../../plugins/lib/channels/messages.js'
import { eventually, pause } from '../waiting.js'
import { TWO_WAY } from './fake-chain.js'
import { makeWorld, type Party, type PartyOptions, type World } from './world.js'

const QUIET_MS = 3 * 60_000
const HOUR_MS = 61 * 60_000

export const OPTIONS: PartyOptions = { initialDeposit: '10000', settlementTimeoutSecs: 3600, pollingIntervalMs: 100, idleCloseSecs: 0 }

/** Each has paid the other, through the keys that they began with. */
export async function paidWorld (options: PartyOptions = OPTIONS, features = TWO_WAY): Promise<World> {
  const world = await makeWorld(options, options, features)
  for (const alice of [world.alice, world.bob]) alice.chain.balances.set(`${alice.name}2`, 1_000_000n)
  await payBoth(world)
  return world
}

export async function payBoth ({ alice, bob }: World, amounts: [bigint, bigint] = [1000n, 400n]): Promise<void> {
  for (const [party, amount] of [[alice, amounts[0]], [bob, amounts[1]]] as const) {
    await eventually(`${party.name} pays`, async () => await party.pay(amount) === 'fulfilled')
    await party.settle()
  }
}

/** The party's process ends, and another one goes on with what is on disk and another configuration. */
export async function restart (party: Party, changes: PartyOptions): Promise<void> {
  party.options = { ...party.options, ...changes }
  await party.crash()
  await party.plugin.connect()
}

export async function rotate (party: Party, key = `${party.name}2`, ...formerKeys: string[]): Promise<void> {
  await restart(party, { key, formerKeys: formerKeys.length === 0 ? [party.name] : formerKeys })
}

export async function peerKeyOf (party: Party): Promise<string | undefined> {
  return ((await party.plugin.getAdminInfo()).settlement as { peerAddress?: string }).peerAddress
}

/** Alice's key, by both. */
export async function isTaken ({ alice, bob }: World, key = 'alice2'): Promise<void> {
  await eventually('the key is taken', async () => (await alice.plugin.channels().states()).address === key && await peerKeyOf(bob) === key)
}

/**
 * Minutes pass, and hours where they are needed, until the chain has paid out those channels, and both have seen it. One that both sides
 * have opened at the same moment may be empty, and stays open.
 */
export async function allOver ({ chain, alice, bob }: World, which: (channel: { addresses: string[] }) => boolean): Promise<void> {
  const clock = useFakeTimers({ now: Date.now(), toFake: ['Date'], shouldAdvanceTime: true })
  const left = (): string[] => [...chain.channels.values()]
    .filter(channel => which(channel) && channel.status !== 'settled' && Object.values(channel.sides).some(({ deposit }) => deposit > 0n))
    .map(({ id, status }) => `${id} ${status}`)
  const areSeen = async (): Promise<boolean> => {
    const seen = (await Promise.all([alice, bob].map(party => party.channels()))).flat()
    return seen.every(({ channelId, status }) => !which(chain.channel(channelId)) || status === chain.channel(channelId).status)
  }
  try {
    for (let hours = 0; hours < 4; hours++) {
      clock.tick(hours === 0 ? QUIET_MS : HOUR_MS)
      for (let look = 0; look < 40; look++) {
        if (left().length === 0 && await areSeen()) return
        await pause(25)
      }
    }
    expect(left(), 'channels of the old key that are not over').to.deep.equal([])
  } finally {
    clock.restore()
  }
}

type Fields = Record<string, unknown>

/** How the peer of this party answers what it asks from now on, until that starts again. */
export function answers (party: Party, step: string, change: (answer: () => Promise<Fields>) => Promise<Fields>): void {
  const { transport } = party.plugin
  const send = transport.sendMessage.bind(transport)
  transport.sendMessage = async entries => {
    if (!entries.some(({ protocolName, data }) => protocolName === CHANNEL_PROTOCOL && data.includes(`"step":"${step}"`))) return await send(entries)
    return [messageEntry(await change(async () => messageOf(await send(entries))))]
  }
}

/** Alice pays 700 and settles: Bob gets the claim, and she never hears of it. */
export async function paidUnheard ({ alice }: World): Promise<void> {
  expect(await alice.pay(700n)).to.equal('fulfilled')
  const { transport } = alice.plugin
  const send = transport.sendMessage.bind(transport)
  transport.sendMessage = async entries => {
    const answer = await send(entries)
    if (entries.some(({ protocolName }) => protocolName === CLAIM_PROTOCOL)) throw new Error('lost')
    return answer
  }
  expect(await alice.settle('the-settlement', 1).then(() => 'paid', () => 'not known')).to.equal('not known')
}

/** All that a party was credited. */
export function credited (party: Party): bigint {
  return [...party.credited.values()].reduce((sum, amount) => sum + amount, 0n)
}
