/** A packet of the application on its way into the connector, and its answer on the way back. */
import { isValidAddress } from '../packet/address.js'
import { describeError } from '../lib/describe-error.js'
import { computeConditionFromData } from '../delivery/payment.js'
import { DATA_LENGTH_MAX, MAX_UINT64, encodePrepare } from '../packet/prepare.js'
import { replyPacketOf } from './packets.js'
import type { ILPFulfillPacket, ILPRejectPacket, NodeLogger, SendPacketParams } from '../contracts/node.js'

const CONDITION_LENGTH = 32
const NOTHING = Buffer.alloc(0)
/** What the core says of a destination without a route. */
const NO_ROUTE = /^no route found\./

export interface Sender {
  /** The node's own address. */
  address: string
  /** Carries a raw Prepare into the connector. */
  carry: (packet: Buffer) => Promise<Buffer>
  log: NodeLogger
}

/** Resolves to the answer, whatever happens: what is wrong with the packet, or here, is a reject that we triggered. */
export async function sendPacket (params: SendPacketParams, { address, carry, log }: Sender): Promise<ILPFulfillPacket | ILPRejectPacket> {
  const rejected = (code: string, message: string): ILPRejectPacket => ({ type: 14, code, triggeredBy: address, message, data: NOTHING })
  const fault = faultOf(params)
  if (fault !== undefined) return rejected(...fault)
  try {
    const { destination, amount, expiresAt } = params
    const data = asBuffer(params.data ?? NOTHING)
    const executionCondition = conditionOf(params, data)
    const packet = encodePrepare({ destination, amount, expiresAt: expiresAt.getTime(), executionCondition, data })
    return answerOf(await carry(packet), destination)
  } catch (error) {
    log.error({ error: describeError(error) }, 'packet_send_failed')
    return rejected('T00', 'Internal connector error')
  }
}

/** Left out or all zero means: derived from the data, as the node at the other end fulfils it. */
function conditionOf ({ executionCondition }: SendPacketParams, data: Buffer): Buffer {
  const isGiven = executionCondition?.some(byte => byte !== 0) === true
  return isGiven ? asBuffer(executionCondition) : computeConditionFromData(data).condition
}

/** Callers may be JavaScript, so the types promise nothing. */
function faultOf (params: Partial<SendPacketParams>): [code: string, message: string] | undefined {
  const { destination, amount, executionCondition, expiresAt, data } = params
  if (destination === undefined || amount === undefined || expiresAt === undefined) return ['F01', 'Missing required packet fields']
  if (typeof destination !== 'string') return ['F01', 'destination must be a string']
  if (!isValidAddress(destination)) return ['F01', `Invalid ILP address format: ${destination}`]
  if (typeof amount !== 'bigint' || amount < 0n || amount > MAX_UINT64) return ['F01', `amount must be a bigint from 0 to ${MAX_UINT64}`]
  if (executionCondition !== undefined && !isBytes(executionCondition, CONDITION_LENGTH, CONDITION_LENGTH)) {
    return ['F01', `executionCondition must be exactly ${CONDITION_LENGTH} bytes`]
  }
  if (data !== undefined && !isBytes(data, 0, DATA_LENGTH_MAX)) return ['F01', `data must be a Buffer or Uint8Array of at most ${DATA_LENGTH_MAX} bytes`]
  if (!(expiresAt instanceof Date) || Number.isNaN(expiresAt.getTime())) return ['F01', 'expiresAt must be a valid Date']
  return expiresAt.getTime() <= Date.now() ? ['R00', 'Packet has expired'] : undefined
}

function isBytes (value: unknown, minimum: number, maximum: number): boolean {
  return value instanceof Uint8Array && value.length >= minimum && value.length <= maximum
}

function asBuffer (bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function answerOf (reply: Buffer, destination: string): ILPFulfillPacket | ILPRejectPacket {
  const answer = replyPacketOf(reply)
  return answer.type === 13 ? answer : { ...answer, message: NO_ROUTE.test(answer.message) ? `No route to destination: ${destination}` : answer.message }
}
