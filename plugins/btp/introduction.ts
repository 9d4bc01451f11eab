/** The first words of a client: shows its token in the dialect of the connection, and tells what the peer makes of it. */
import type { RawData } from 'ws'
import { TOON, inWords, isComplaint, toToonAuth } from './dialect/index.js'
import type { Wire } from './wire/fast-reader.js'
import { FrameType, decodeFrame, encodeFrame } from './wire/frame.js'
import type { ErrorFrame, Frame, MessageFrame, ResponseFrame } from './wire/frame.js'

export interface Listeners {
  /** The peer's yes or no, once. To be acted upon at once: more frames may be there already. */
  answered: (answer: ResponseFrame | ErrorFrame) => void
  /** The peer complains about the first frame as those do that speak the other dialect. */
  speaksToon: () => void
  /** Something that is not BTP came, in words. */
  misread: (found: string) => void
}

/** Before the peer has answered the frame with the token, no other frame that it sends is looked at. */
export function introduce ({ ws, codec }: Wire, auth: MessageFrame, { answered, speaksToon, misread }: Listeners): void {
  const read = (data: RawData, isBinary: boolean): void => {
    if (!Buffer.isBuffer(data)) return // `ws` gives nothing else by default
    const frame = frameIn(data, isBinary, codec === TOON)
    if (frame === undefined && codec === undefined && isBinary && isComplaint(data)) speaksToon()
    else if (frame === undefined) misread(inWords(data, isBinary))
    else if (isAnswer(frame) && frame.requestId === auth.requestId) {
      ws.off('message', read)
      answered(frame)
    }
  }
  ws.on('message', read)
  ws.send(codec === TOON ? toToonAuth(auth) : encodeFrame(auth))
}

function frameIn (data: Buffer, isBinary: boolean, isToon: boolean): Frame | undefined {
  try {
    return isBinary ? decodeFrame(isToon ? TOON.read(data) : data) : undefined
  } catch {
    return undefined
  }
}

function isAnswer (frame: Frame): frame is ResponseFrame | ErrorFrame {
  return frame.type === FrameType.RESPONSE || frame.type === FrameType.ERROR
}
