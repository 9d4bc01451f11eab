/**
 * The floor: the least that a connector on Node.js can do. It passes each of two peers the other's messages, untouched; everything written
 * in one turn of the event loop leaves together. Listens on PORT.
 */
import type { Socket } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import { FrameType, decodeFrame, encodeFrame } from '../plugins/btp/wire/frame.js'

interface End {
  ws: WebSocket
  raw: Socket
  isCorked: boolean
}

const ends = new Map<string, End>()

function relay (frame: Buffer, end: End): void {
  if (!end.isCorked) {
    end.isCorked = true
    end.raw.cork()
    setImmediate(() => {
      end.isCorked = false
      end.raw.uncork()
    })
  }
  end.ws.send(frame)
}

const server = new WebSocketServer({ port: Number(process.env.PORT), host: '127.0.0.1', perMessageDeflate: false, skipUTF8Validation: true })
server.on('connection', (ws, { socket }) => {
  ws.once('message', (message: Buffer) => {
    const { requestId, protocolData } = decodeFrame(message)
    const name = protocolData.find(entry => entry.protocolName === 'auth_username')?.data.toString() ?? ''
    const peer = name === 'alice' ? 'bob' : 'alice'
    socket.setNoDelay(true)
    ends.set(name, { ws, raw: socket, isCorked: false })
    ws.on('message', (frame: Buffer) => {
      const end = ends.get(peer)
      if (end !== undefined) relay(frame, end)
    })
    ws.send(encodeFrame({ type: FrameType.RESPONSE, requestId, protocolData: [] }))
  })
})
