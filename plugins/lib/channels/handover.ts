/**
 * How a key is replaced while two peers go on paying each other. The side that has a new key tells the peer, signed by both keys; the peer
 * writes that down, and pays the new key from then on. Only then is anything paid through the new key. Channels of the old one stay: what
 * comes through them is taken, and once they are quiet they are closed and settled.
 *
 *     has a new key                               peer
 *     handover { from, to, two signatures } ────▶ checks, writes down
 *     writes down ◀────────────────────────────── taken
 *
 * A crash between the two is healed by asking again. The old key says that it hands over, so nobody else can; the new one says so too, so
 * nobody hands over to a key of somebody else, whose claims would then be taken as its own.
 */
import { z } from 'zod'
import type { PluginStore } from '../../../src/contracts/plugin.js'
import { putAll } from './records.js'
import { promised } from './types.js'
import type { ClaimCodec } from './types.js'

/** What is known of keys that were handed over, by addresses. */
export interface KeyLine {
  /** The one of ours that we pay through. Undefined: none was handed over. */
  ours?: string | undefined
  /** The peer's: the last is the one that it pays through, and those before it have handed over. */
  theirs: string[]
  /** The peer's address in the configuration that this was written under. Records of former versions do not have it. */
  configured?: string | undefined
}

/** Which key hands over to which, and before which peer. */
export interface Handover {
  /** Such as `evm:8453`. */
  chain: string
  from: string
  to: string
  peer: string
}

const VERSION = 1
const record = z.strictObject({
  version: z.literal(VERSION), ours: z.string().optional(), theirs: z.array(z.string()), configured: z.string().optional()
})

/** What was kept. Rejects when it cannot be read: money would go to the wrong key. */
export async function loadKeys (store: PluginStore, place: string): Promise<KeyLine> {
  const text = await store.get(nameOf(place))
  if (text === undefined) return { theirs: [] }
  const { data } = record.safeParse(parsed(text))
  if (data === undefined) throw new Error(`the record ${nameOf(place)} of the account is broken, and money depends on it: restore it from a backup`)
  return { ours: data.ours, theirs: data.theirs, configured: data.configured }
}

/** Resolves when it is kept, also for after a power cut. */
export async function keepKeys (store: PluginStore, place: string, { ours, theirs, configured }: KeyLine): Promise<void> {
  await putAll(store, { [nameOf(place)]: JSON.stringify({ version: VERSION, ours, theirs, configured } satisfies z.input<typeof record>) })
}

/** The message to the peer. Rejects while one of the keys cannot sign. */
export async function announce (handover: Handover, from: ClaimCodec, to: ClaimCodec): Promise<Record<string, unknown>> {
  const text = statementOf(handover)
  const [old, young] = await Promise.all([from, to].map(async codec => await promised(codec.signStatement?.(text), 'signStatement')))
  const { from: oldAddress, to: newAddress, peer } = handover
  return { step: 'handover', from: oldAddress, to: newAddress, peer, signatures: { from: old, to: young } }
}

/** Longer than any address and any signature: what is longer would only cost time to look at. */
const [ADDRESS_MAX, SIGNATURE_MAX] = [128, 512]
const address = z.string().max(ADDRESS_MAX)
const signature = z.string().max(SIGNATURE_MAX)
const message = z.object({ from: address, to: address, peer: address, signatures: z.object({ from: signature, to: signature }) })

/** What a message announces, with the signatures unchecked. @throws Error when it is not one */
export function announcedIn (fields: Record<string, unknown>, chain: string): Handover & { signatures: { from: string, to: string } } {
  const { data } = message.safeParse(fields)
  if (data === undefined) throw new Error('not a handover: from, to, peer and two signatures are expected')
  return { chain, ...data }
}

/** Whether both keys have signed it. */
export async function isSignedByBoth (handover: ReturnType<typeof announcedIn>, codec: ClaimCodec): Promise<boolean> {
  const { from, to, signatures } = handover
  const text = statementOf(handover)
  const verify = async (address: string, signature: string): Promise<boolean> =>
    await promised(codec.verifyStatement?.(text, address, signature), 'verifyStatement')
  return await verify(from, signatures.from) && await verify(to, signatures.to)
}

/** Names the chain and the peer: what one peer is told is worth nothing to another. */
function statementOf ({ chain, from, to, peer }: Handover): string {
  return `Sluice: a key for payment channels hands over to another one.\nchain: ${chain}\nfrom: ${from}\nto: ${to}\npeer: ${peer}`
}

function nameOf (place: string): string {
  return `paychan:keys:${place}`
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
