/**
 * Takes over what versions before 0.2 kept in the account's store. Those records do not say which chain, contract, addresses and units they
 * are records of: they are taken for those of the configuration where the store shows that it was used with them, and refused elsewhere.
 */
import { jsonOf } from '../../../src/lib/json.js'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { amountOf, arrayOf, fieldsOf, textOf } from './read-record.js'
import { putAll } from './records.js'
import type { Units } from './units.js'

type Fields = Record<string, unknown>

const OLD_KEYS = ['paychan:channels', 'paychan:sent', 'paychan:received'] as const
const NOTHING_SENT = { base: '0', used: '0', booked: '0', ids: [], channels: {} }
const NOTHING_RECEIVED = { name: '', step: { from: '0', to: '0' }, tally: { best: {}, used: '0', base: '0', skipped: '0' } }

export interface Migration {
  /** The account's store, which the earlier versions wrote to. */
  from: PluginStore
  /** The records of what is between us and a peer's address. */
  to: (peerAddress: string) => PluginStore
  ownAddress: string
  peerAddress: string
  units: Units
  wasUsedWith: (peerAddress: string) => Promise<boolean>
}

/**
 * Moves the records, if there are any. Resolves to the addresses of peers that have records then. Rejects, with nothing changed, when they
 * cannot be those of the configuration, and says what to do.
 */
export async function migrate ({ from, to, ownAddress, peerAddress, units, wasUsedWith }: Migration): Promise<string[]> {
  const texts = await Promise.all(OLD_KEYS.map(key => from.get(key)))
  if (texts.every(text => text === undefined)) return []
  const records = texts.map(text => text === undefined ? undefined : JSON.parse(text) as unknown)
  const [channelsRecord, sentRecord = NOTHING_SENT, receivedRecord = NOTHING_RECEIVED] = records
  const { opened, channels } = channelsRecord === undefined ? { opened: 0, channels: [] } : fieldsOf(channelsRecord, 'channels')
  const known = arrayOf(channels, 'channels').map(channel => fieldsOf(channel, 'channel'))
  const peers = [...new Set([peerAddress, ...known.map(channel => addressIn(channel, 'theirs'))])]
  for (const channel of known) {
    if (addressIn(channel, 'ours') !== ownAddress) throw refusal(`they are of our address ${addressIn(channel, 'ours')}, and the key is of ${ownAddress}`)
    if (Number(channel.frozenUntilMs) > Date.now()) {
      throw refusal(`the end of a channel is being agreed on until ${new Date(Number(channel.frozenUntilMs)).toISOString()}: start again then`)
    }
  }
  for (const peer of peers) {
    if (known.length > 0 && !await wasUsedWith(peer)) throw refusal(`they are not of this chain, contract, token and peer address ${peer}`)
  }
  for (const peer of peers) {
    const own = known.filter(channel => addressIn(channel, 'theirs') === peer)
    const ids = own.map(({ state }) => textOf(fieldsOf(state, 'state').channelId, 'channelId'))
    const isPresent = peer === peerAddress
    const moved = {
      'paychan:channels': { opened: isPresent ? opened : own.length, channels: own.map(channelOf) },
      'paychan:sent': sentOf(fieldsOf(sentRecord, 'sent'), ids, isPresent, units),
      'paychan:received': receivedOf(fieldsOf(receivedRecord, 'received'), ids, isPresent, units)
    }
    await putAll(to(peer), Object.fromEntries(Object.entries(moved).map(([key, value]) => [key, jsonOf(value)])))
  }
  for (const key of OLD_KEYS) await from.del(key)
  return peers
}

function refusal (reason: string): Error {
  return new Error(`the account's store has records of payment channels from before 0.2, and ${reason}. Put the earlier configuration back until ` +
    'those channels are closed and settled, or give the account another id')
}

function addressIn (channel: Fields, party: 'ours' | 'theirs'): string {
  return textOf(fieldsOf(fieldsOf(channel.state, 'state')[party], party).address, 'address')
}

function channelOf ({ state, shown, createdMs, activityMs, filling }: Fields): Fields {
  const to = filling === undefined ? undefined : fieldsOf(filling, 'filling').to
  return { state: { ...fieldsOf(state, 'state'), readAtMs: 0 }, shown, createdMs, activityMs, isGone: false, filling: to }
}

/** What was paid to former addresses stays paid: it counts for the present one, and for the former ones from zero. */
function sentOf ({ base, used, ids, channels }: Fields, channelIds: string[], isPresent: boolean, units: Units): Fields {
  const all = Object.entries(fieldsOf(channels, 'channels')).map(([channelId, fields]) => [channelId, fieldsOf(fields, channelId)] as const)
  const [own, others] = [all.filter(([id]) => channelIds.includes(id)), all.filter(([id]) => !channelIds.includes(id))]
  const sumOf = (entries: typeof all): bigint => entries.reduce((sum, [, { amount }]) => sum + amountOf(amount, 'amount'), 0n)
  const undelivered = own.flatMap(([channelId, { amount, acked }]) =>
    amountOf(acked, 'acked') < amountOf(amount, 'amount') ? [{ channelId, from: acked, to: amount }] : [])
  const known = isPresent ? arrayOf(ids, 'ids').map(String) : []
  const claims = {
    unit: units.name,
    base: isPresent ? amountOf(base, 'base') + sumOf(others) : -sumOf(own),
    used: isPresent ? used : 0n,
    channels: Object.fromEntries(own)
  }
  return {
    claims,
    prepaid: { name: 'none', books: '', total: 0n, unsigned: 0n },
    payments: known.map((id, i) => ({ id, missing: 0n, parts: i === known.length - 1 ? undelivered : [] }))
  }
}

function receivedOf ({ name, step, tally }: Fields, channelIds: string[], isPresent: boolean, units: Units): Fields {
  const { best, used, base, skipped } = fieldsOf(tally, 'tally')
  const { from, to } = fieldsOf(step, 'step')
  const all = Object.entries(fieldsOf(best, 'best'))
  const [own, others] = [all.filter(([id]) => channelIds.includes(id)), all.filter(([id]) => !channelIds.includes(id))]
  const sumOf = (entries: typeof all): bigint => entries.reduce((sum, [id, claim]) => sum + amountOf(fieldsOf(claim, id).amount, 'amount'), 0n)
  const isNews = isPresent && to !== from
  return {
    unit: units.name,
    name: isPresent && name !== '' ? name : 'former',
    told: isPresent ? from : 0n,
    offered: isPresent ? to : 0n,
    books: '',
    // Told once more under the id of those versions, which the books know if they have it.
    ...(isNews && { before: { id: `${textOf(name, 'name')}:${String(from)}-${String(to)}`, to } }),
    tally: {
      best: Object.fromEntries(own),
      used: isPresent ? used : 0n,
      base: isPresent ? amountOf(base, 'base') + sumOf(others) : -sumOf(own),
      skipped: isPresent ? skipped : 0n
    }
  }
}
