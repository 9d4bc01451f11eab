/**
 * What a stranger can flood a node with over BTP: requests of every kind, answers that nobody asked for, and connections. Each flood comes
 * from a process of its own (bench/flood.ts), from so many sockets, as fast as the node takes it.
 */
import { FrameType, type SubProtocol } from '../../plugins/btp/wire/frame.js'
import { ContentType } from '../../src/contracts/transport.js'
import { Party } from './party.js'
import { Message, PrepareTemplate } from './wire.js'

const BATCH = 250
const EXPIRY_MS = 60_000
const COME_BACK_MS = 20
const LEAVE_AFTER_MS = 50

type Flooding = Pick<Message, 'size' | 'write'>

interface Flood {
  /** What is sent on and on. */
  message: (destination: string) => Flooding
  /** Leaves answers where they are. */
  isUnread?: boolean
  /** Leaves after one batch and comes again: under the same name, or under another one. */
  comesAgain?: 'as before' | 'under new names'
}

const entry = (protocolName: string, text = 'x'): SubProtocol => ({ protocolName, contentType: ContentType.TEXT, data: Buffer.from(text) })
const CLAIM = entry('payment-channel-claim', JSON.stringify({ channelId: `0x${'a'.repeat(64)}`, nonce: 1, signature: `0x${'b'.repeat(130)}` }))
const asking = (protocolData: readonly SubProtocol[]) => (): Message => new Message({ type: FrameType.MESSAGE, requestId: 0, protocolData })
const transfer = (): Message => new Message({ type: FrameType.TRANSFER, requestId: 0, amount: 1n, protocolData: [entry('unknown')] })

function packet (destination: string, before: readonly SubProtocol[] = []): PrepareTemplate {
  const template = new PrepareTemplate(destination, 0, [], 0, before)
  template.expireAt(Date.now() + EXPIRY_MS)
  return template
}

export const FLOODS = {
  lone: { message: packet },
  transfer: { message: transfer },
  none: { message: asking([entry('unknown')]) },
  claims: { message: asking([CLAIM]) },
  'list answers': { message: destination => packet(destination, [entry('unknown')]) },
  'many entries': { message: asking(Array.from({ length: 64 }, () => entry('unknown'))) },
  'unasked answers': { message: () => new Message({ type: FrameType.RESPONSE, requestId: 0, protocolData: [entry('unknown')] }) },
  'lone, unread': { message: packet, isUnread: true },
  'transfer, unread': { message: transfer, isUnread: true },
  'none, unread': { message: asking([entry('unknown')]), isUnread: true },
  reconnects: { message: packet, comesAgain: 'as before' },
  'new names': { message: packet, comesAgain: 'under new names' }
} satisfies Record<string, Flood>

export type FloodName = keyof typeof FLOODS

interface Target {
  port: number
  sockets: number
  destination: string
}

/** Goes on until the process ends. */
export async function flood (name: FloodName, { port, sockets, destination }: Target): Promise<void> {
  const { message, isUnread = false, comesAgain }: Flood = FLOODS[name]
  let visits = 0
  const one = async (i: number): Promise<never> => {
    const template = message(destination)
    let id = i * 1_000_000
    for (;;) {
      const username = comesAgain === 'under new names' ? `stranger-${process.pid}-${++visits}` : `stranger-${i}`
      try {
        const party = await Party.connect({ port, username }, '')
        if (isUnread) party.socket.pause()
        party.together = true
        const batch = (): void => {
          if (party.socket.writableLength > 0) return
          for (let n = 0; n < BATCH; n++) party.send(template, id = (id + 1) >>> 0)
          party.flush()
        }
        batch()
        const timer = setInterval(batch, 1)
        if (comesAgain !== undefined) setTimeout(() => { party.socket.destroy() }, LEAVE_AFTER_MS)
        await party.closed
        clearInterval(timer)
      } catch {
        // It was not let in, or the connection was cut. It comes again.
      }
      await new Promise(resolve => { setTimeout(resolve, COME_BACK_MS) })
    }
  }
  await Promise.all(Array.from({ length: sockets }, (_, i) => one(i)))
}
