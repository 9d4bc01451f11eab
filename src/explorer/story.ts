/** One packet's story: what is known of it, from the events that tell of it. */
import type { EventRow, InAsset, PacketForwarded, PacketFulfilled, PacketReceived, PacketRejected } from '../contracts/explorer-events.js'
import type { PacketStory } from '../contracts/explorer.js'
import { wordsFor } from './reject-words.js'

type Answered = PacketFulfilled | PacketRejected

/**
 * Of the last packet with this condition; a sender may try again with the same one. Undefined where nothing is known of it.
 * @param rows events that tell of it, in any order
 */
export function storyOf (packetId: string, rows: readonly EventRow[]): PacketStory | undefined {
  const events = rows.map(({ payload }) => payload)
  const answered = latest(events.filter((event): event is Answered => event.type === 'PACKET_FULFILLED' || event.type === 'PACKET_REJECTED'))
  const until = answered?.timestamp ?? Infinity
  const received = latest(events.filter((event): event is PacketReceived => event.type === 'PACKET_RECEIVED' && event.timestamp <= until))
  const forwarded = latest(events.filter((event): event is PacketForwarded =>
    event.type === 'PACKET_FORWARDED' && event.timestamp <= until && event.timestamp >= (received?.timestamp ?? 0)))
  const first = received ?? answered ?? forwarded
  if (first === undefined) return undefined
  const arrivedAt = received?.timestamp ?? (answered === undefined ? first.timestamp : answered.timestamp - answered.took)
  const to = answered?.to ?? forwarded?.to
  return {
    packetId,
    from: first.from,
    ...(to !== undefined && { to }),
    destination: first.destination,
    received: amountOf(first),
    ...(forwarded !== undefined && { forwarded: amountOf(forwarded) }),
    arrivedAt,
    ...(received !== undefined && { expiresAt: received.expiresAt }),
    ...(answered !== undefined && { took: answered.took }),
    outcome: outcomeOf(answered),
    steps: answered?.steps ?? [],
    ...(answered?.type === 'PACKET_REJECTED' && { refusal: refusalOf(answered) })
  }
}

function outcomeOf (answered: Answered | undefined): PacketStory['outcome'] {
  if (answered === undefined) return 'under way'
  return answered.type === 'PACKET_FULFILLED' ? 'fulfilled' : 'rejected'
}

function refusalOf ({ code, message, triggeredBy, refusedBy }: PacketRejected): NonNullable<PacketStory['refusal']> {
  return { code, message, triggeredBy, ...(refusedBy !== undefined && { step: refusedBy.step }), ...wordsFor(code) }
}

function amountOf ({ amount, assetCode, assetScale }: InAsset & { amount: string }): InAsset & { amount: string } {
  return { amount, assetCode, assetScale }
}

function latest<T extends { timestamp: number }> (events: readonly T[]): T | undefined {
  return events.reduce<T | undefined>((last, event) => last === undefined || event.timestamp >= last.timestamp ? event : last, undefined)
}
