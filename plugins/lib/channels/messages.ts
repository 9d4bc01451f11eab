/** What the two ends of channels say to each other, as entries of the transport's messages. The bytes are those of deployed nodes. */
import { ContentType, packetOf } from '../../../src/contracts/transport.js'
import type { Entry } from '../../../src/contracts/transport.js'
import { jsonOf } from '../../../src/lib/json.js'
import { isFulfill } from '../../../src/packet/reply.js'
import { isBehind } from './claim-ledger.js'
import type { Answered } from './outgoing.js'
import { fieldsOf } from './read-record.js'
import { ClaimError } from './types.js'
import type { Claim } from './types.js'

/** As deployed nodes name it: UTF-8 JSON, on the MESSAGE of the packet that it pays for or on one of its own. */
export const CLAIM_PROTOCOL = 'payment-channel-claim'
/** JSON that the two ends agree with on their claims and channels; next to a Reject, it says that the claim was refused. */
export const CHANNEL_PROTOCOL = 'payment-channel'

const NO_PACKET = Buffer.alloc(0)

export function claimEntry ({ text }: Claim): Entry {
  return { protocolName: CLAIM_PROTOCOL, contentType: ContentType.TEXT, data: Buffer.from(text) }
}

export function messageEntry (message: Record<string, unknown>): Entry {
  const text = jsonOf(message)
  return { protocolName: CHANNEL_PROTOCOL, contentType: ContentType.JSON, data: Buffer.from(text) }
}

/** The peer's answer to a message. @throws Error when it has none, or it is unreadable */
export function messageOf (entries: readonly Entry[]): Record<string, unknown> {
  const answer = entries.find(({ protocolName }) => protocolName === CHANNEL_PROTOCOL)
  if (answer === undefined) throw new Error('the peer does not speak about payment channels')
  return fieldsOf(JSON.parse(answer.data.toString()), 'answer')
}

/** Nobody but us can put this beside the Reject: the peer knows that it is about the claim, and not about what is behind us. */
export function refusalEntry (error: unknown): Entry {
  return messageEntry({ claim: error instanceof ClaimError && isBehind(error.message) ? 'behind' : 'refused' })
}

/** What the peer has answered to a packet with a claim. */
export function answeredBy (entries: readonly Entry[]): Answered {
  const entry = entries.find(({ protocolName }) => protocolName === CHANNEL_PROTOCOL)
  const reply = packetOf(entries) ?? NO_PACKET
  if (entry === undefined || isFulfill(reply)) return { reply }
  return { reply, refusal: entry.data.includes('behind') ? 'behind' : 'refused' }
}
