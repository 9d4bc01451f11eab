/** ILP packets as objects, for applications, and as bytes, for the connector. */
import { deserializeIlpReply } from 'ilp-packet'
import { encodePrepare, prepareOf } from '../packet/prepare.js'
import { encodeFulfill, encodeReject } from '../packet/reply.js'
import type { ILPFulfillPacket, ILPPreparePacket, ILPRejectPacket } from '../contracts/node.js'

/** Throws for a packet that cannot be written. */
export function encodePreparePacket ({ amount, destination, executionCondition, expiresAt, data }: ILPPreparePacket): Buffer {
  return encodePrepare({ amount, destination, executionCondition, expiresAt: expiresAt.getTime(), data })
}

/** Throws F01 for anything but a Prepare. */
export function preparePacketOf (packet: Buffer): ILPPreparePacket {
  const { amount, destination, executionCondition, expiresAt, data } = prepareOf(packet)
  return { type: 12, amount, destination, executionCondition, expiresAt: new Date(expiresAt), data }
}

export function encodeReplyPacket (answer: ILPFulfillPacket | ILPRejectPacket): Buffer {
  return answer.type === 13 ? encodeFulfill(answer.fulfillment, answer.data) : encodeReject(answer)
}

/** Throws for what is neither a Fulfill nor a Reject. */
export function replyPacketOf (packet: Buffer): ILPFulfillPacket | ILPRejectPacket {
  const answer = deserializeIlpReply(packet)
  return 'fulfillment' in answer ? { type: 13, ...answer } : { type: 14, ...answer }
}
