/** The first frame of a client of the dialect. */
import { expect } from 'chai'
import * as BtpPacket from 'btp-packet'
import { fromToonAuth, isToonAuth, toToonAuth } from '../../../../plugins/btp/dialect/auth.js'
import { authEntries, usernameOf } from '../../../../plugins/btp/auth.js'
import { decodeFrame } from '../../../../plugins/btp/wire/frame.js'
import { authMessage } from '../../../support/btp.js'
import { MESSAGE, toonFrame } from '../../../support/toon-peer.js'

const SEEN = Buffer.from(
  '06000000010104617574680000000000247b22706565724964223a22636f6e6e6563746f722d61222c22736563726574223a22227d00000000', 'hex'
)

function withData (text: string): Buffer {
  return toonFrame(MESSAGE, 1, [{ name: 'auth', contentType: 0, data: Buffer.from(text) }])
}

describe('the first frame of a client of the toon dialect', () => {
  it('says who it is, and with which secret', () => {
    expect(isToonAuth(SEEN)).to.equal(true)
    const frame = fromToonAuth(SEEN)
    expect(usernameOf(frame)).to.equal('connector-a')
    expect(frame.protocolData.map(({ protocolName, data }) => `${protocolName}=${String(data)}`)).to.deep.equal([
      'auth=', 'auth_username=connector-a', 'auth_token='
    ])
  })

  it('is written as it was seen', () => {
    expect(toToonAuth({ type: 6, requestId: 1, protocolData: authEntries('connector-a', '', []) }).toString('hex')).to.equal(SEEN.toString('hex'))
  })

  it('is never taken for one of RFC 0023, nor the other way round', () => {
    for (const bytes of [authMessage('token'), authMessage('t', 'connector-a'), authMessage('x'.repeat(300), 'y'.repeat(200))]) {
      expect(isToonAuth(bytes)).to.equal(false)
    }
    expect(isToonAuth(BtpPacket.serializeMessage(1, []))).to.equal(false)
    expect(() => decodeFrame(SEEN)).to.throw()
  })

  it('is refused without a word of what was found in it', () => {
    const said = (text: string): string => {
      try {
        fromToonAuth(withData(text))
        return 'nothing'
      } catch (err) {
        return String(err)
      }
    }
    expect(said('hunter2')).to.equal('FrameError: Invalid authentication message format')
    expect(said('"hunter2"')).to.equal('FrameError: Invalid authentication message format')
    expect(said('null')).to.equal('FrameError: Invalid authentication message format')
    expect(said('{"secret":"hunter2"}')).to.equal('FrameError: Invalid auth data: missing peerId')
    expect(said('{"peerId":"a"}')).to.equal('FrameError: Invalid auth data: secret field missing')
    expect(said('{"peerId":"a","secret":7}')).to.equal('FrameError: Invalid auth data: secret field missing')
  })
})
