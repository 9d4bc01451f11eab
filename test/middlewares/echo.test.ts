/** Pings to the connector's own address go on to the address they name; everything else that comes to it is refused. */
import { expect } from 'chai'
import { deserializeIlpPrepare, deserializeIlpReject } from 'ilp-packet'
import { account, startConnector, type TestConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import { CONDITION, FULFILL, prepare } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'

const PREFIX = 'ECHOECHOECHOECHO'

function octets (content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff]), content])
}

const ping = (source: string, behind = Buffer.alloc(0)): Buffer => Buffer.concat([Buffer.from(`${PREFIX}\0`), octets(Buffer.from(source)), behind])

describe('a ping', () => {
  withoutLog()
  noRejectionLeft()
  let alice: TestPlugin
  let bob: TestPlugin
  let connector: TestConnector

  beforeEach(async () => {
    alice = new TestPlugin()
    bob = new TestPlugin()
    const balance = { maximum: '1000' }
    connector = await startConnector({ alice: account(alice, { balance }), bob: account(bob, { balance }) })
  })
  afterEach(() => connector.app.shutdown())

  for (const [what, source, behind] of [
    ['an address', 'test.alice.app', Buffer.alloc(0)],
    ['an address and more behind it', 'test.alice', Buffer.from('more')],
    ['an address of the greatest length', `test.alice.${'a'.repeat(1012)}`, Buffer.alloc(0)]
  ] as const) {
    it(`with ${what} is sent there, and the answer comes back`, async () => {
      const expiresAt = Date.now() + 10_000
      const data = ping(source, behind)
      expect(await bob.receive(prepare({ destination: 'test.connector', data, expiresAt }))).to.equal(FULFILL)
      const { destination, data: pong, amount, executionCondition, expiresAt: forwarded } = deserializeIlpPrepare(alice.sent[0]!)
      expect({ destination, pong: pong.toString(), amount, executionCondition, expiresAt: forwarded.getTime() })
        .to.deep.equal({ destination: source, pong: `${PREFIX}\u0001`, amount: '100', executionCondition: CONDITION, expiresAt: expiresAt - 1000 })
      expect(connector.balances()).to.deep.equal({ alice: { balance: -100n, held: 0n }, bob: { balance: 100n, held: 0n } })
    })
  }

  it('can come from the address it asks to be answered at', async () => {
    expect(await alice.receive(prepare({ destination: 'test.connector', data: ping('test.alice') }))).to.equal(FULFILL)
    expect(alice.sent).to.have.lengthOf(1)
  })

  for (const [what, data, code, message] of [
    ['has no data', Buffer.alloc(0), 'F01', 'packet data too short for echo request. length=0'],
    ['is cut off in the prefix', Buffer.from('ECHOECHO'), 'F01', 'packet data too short for echo request. length=8'],
    ['is the prefix only', Buffer.from(PREFIX), 'F01', 'packet data too short for echo request. length=16'],
    ['has another prefix', Buffer.from('ECHOECHOECHOECHo\0'), 'F01', 'packet data does not start with ECHO prefix.'],
    ['is an answer', Buffer.from(`${PREFIX}\u0001`), 'F01', 'unexpected ping response.'],
    ['is of a type that nobody knows', Buffer.from(`${PREFIX}\u0002`), 'F01', 'unexpected ping response.'],
    ['has no address', Buffer.from(`${PREFIX}\0`), 'F01', undefined],
    ['has an empty address', ping(''), 'F01', undefined],
    ['is cut off in the address', ping('test.alice').subarray(0, -1), 'F01', undefined],
    ['has an address without a scheme', ping('alice'), 'F01', undefined],
    ['has an address with spaces', ping('test.alice smith'), 'F01', undefined],
    ['has an address that is not ASCII', ping('test.\u00e1lice'), 'F01', undefined],
    ['has an address that is too long', ping(`test.${'a'.repeat(1019)}`), 'F01', undefined],
    ['wants to be answered at our own address', ping('test.connector'), 'F02', undefined],
    ['wants to be answered at an address that nobody has', ping('test.nobody'), 'F02', undefined],
    ['wants to be answered by the peer protocol', ping('peer.config'), 'F01', undefined]
  ] as Array<[string, Buffer, string, string | undefined]>) {
    it(`is refused when it ${what}`, async () => {
      const reject = deserializeIlpReject(await bob.receive(prepare({ destination: 'test.connector', data })))
      expect(reject.code).to.equal(code)
      if (message !== undefined) expect(reject.message).to.equal(message)
      expect(reject.triggeredBy).to.equal('test.connector')
      expect(connector.balances()).to.deep.equal({ alice: { balance: 0n, held: 0n }, bob: { balance: 0n, held: 0n } })
    })
  }

  it('is for the connector\'s own address only, not for those below it', async () => {
    const { code } = deserializeIlpReject(await bob.receive(prepare({ destination: 'test.connector.x', data: ping('test.alice') })))
    expect(code).to.equal('F02')
    expect(alice.sent).to.deep.equal([])
  })
})
