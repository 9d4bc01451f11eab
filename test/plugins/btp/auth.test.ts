/** Who is let in, as which account; and what somebody learns who is not. */
import { once } from 'node:events'
import { inspect } from 'node:util'
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import { FAILURE_WINDOW_MS, MAX_FAILURES } from '../../../plugins/btp/auth.js'
import { GUESS_DELAY_MS } from '../../../plugins/btp/listener.js'
import type { HandPeer } from '../../support/btp.js'
import { SECRET, TestLog, authMessage, authenticated, closeAll, dial, drive, fakeTimers, listening, makePlugin, portOf, serverUrl } from '../../support/btp.js'
import { rejectionError } from '../../support/failures.js'

const packet = Buffer.from('a packet')

/** Two accounts on one port, each of whose handlers says its name. */
async function twoAccounts (): Promise<{ port: number, alice: string, bob: string }> {
  const { plugin: first, port } = await listening({ username: 'alice', secret: 'secret of alice' })
  const second = makePlugin({ listener: { port, username: 'bob', secret: 'secret of bob' } })
  const connected = second.connect()
  connected.catch(() => undefined)
  await portOf(second, connected)
  first.registerDataHandler(() => Promise.resolve(Buffer.from('this is alice')))
  second.registerDataHandler(() => Promise.resolve(Buffer.from('this is bob')))
  return { port, alice: 'secret of alice', bob: 'secret of bob' }
}

async function ask (peer: HandPeer): Promise<string> {
  peer.message(9, packet)
  const { data } = await peer.next()
  return String(data.protocolData[0]?.data)
}

/** The text of the Error frame with which a peer is refused, after which its connection is closed. */
async function refusal (port: number, firstFrame: Buffer): Promise<string> {
  const peer = await dial(port)
  peer.ws.send(firstFrame)
  const { type, data } = await peer.next()
  expect(type).to.equal(BtpPacket.TYPE_ERROR)
  expect(data).to.include({ code: 'F00', name: 'NotAcceptedError' })
  await peer.closed
  return 'data' in data ? data.data : ''
}

describe('BTP accounts', () => {
  afterEach(closeAll)

  it('that share a port are told apart by their usernames', async () => {
    const { port, alice, bob } = await twoAccounts()
    expect(await ask(await authenticated(port, alice, 'alice'))).to.equal('this is alice')
    expect(await ask(await authenticated(port, bob, 'bob'))).to.equal('this is bob')
  })

  it('do not open with the wrong token, none, that of another account, or the name of another', async () => {
    const { port, alice, bob } = await twoAccounts()
    const attempts: Array<[string, string | undefined]> = [
      ['wrong', 'alice'], ['', 'alice'], [bob, 'alice'], [alice, 'bob'], [alice, undefined], [alice, ''], [alice, 'carol'], [alice, 'Alice'],
      [`${alice} `, 'alice'], [alice.slice(1), 'alice'], [`${alice}\0`, 'alice']
    ]
    const answers = await Promise.all(attempts.map(([token, username]) => refusal(port, authMessage(token, username))))
    expect(new Set(answers), 'no word about what was wrong').to.deep.equal(new Set(['invalid auth_token']))
  })

  it('that are alone on a port need no username: the token is enough', async () => {
    const nameless = await listening()
    for (const username of [undefined, '', 'anything']) await authenticated(nameless.port, SECRET, username)
    const named = await listening({ username: 'alice' })
    for (const username of [undefined, '', 'alice']) await authenticated(named.port, SECRET, username)
    expect(await refusal(named.port, authMessage(SECRET, 'bob'))).to.equal('invalid auth_token')
  })

  it('cannot share a port when they could not be told apart', async () => {
    for (const [first, second] of [[undefined, undefined], [undefined, 'bob'], ['bob', undefined], ['bob', 'bob']]) {
      const { port } = await listening(first === undefined ? {} : { username: first })
      const plugin = makePlugin({ listener: { port, secret: 'x', ...(second === undefined ? {} : { username: second }) } })
      expect((await rejectionError(plugin.connect())).message).to.include('need a "listener.username" each')
      await authenticated(port)
    }
  })

  it('cannot share a port with different frame sizes', async () => {
    const { port } = await listening({ username: 'alice' })
    const plugin = makePlugin({ listener: { port, secret: 'x', username: 'bob' }, maxPayload: 5000 })
    expect((await rejectionError(plugin.connect())).message).to.include('need the same key, cert and maxPayload')
  })

  it('leave a shared port to the others when they go, and free it when the last one goes', async () => {
    const { plugin: first, port } = await listening({ username: 'alice' })
    const second = makePlugin({ listener: { port, username: 'bob', secret: SECRET } })
    await portOf(second, second.connect().catch(() => undefined))
    const bob = await authenticated(port, SECRET, 'bob')
    await first.disconnect()
    expect(await refusal(port, authMessage(SECRET, 'alice'))).to.equal('invalid auth_token')
    expect(second.isConnected()).to.equal(true)
    await second.disconnect()
    await bob.closed
    await rejectionError(dial(port))
    await listening({ port })
    await authenticated(port)
  })

  it('without authentication let anybody in, but only by explicit choice', async () => {
    const { plugin, port } = await listening({ secret: undefined, noAuth: true })
    for (const token of ['', 'anything']) await authenticated(port, token)
    expect(plugin.isConnected()).to.equal(true)
  })

  it('say what is missing in a first frame that is no authentication', async () => {
    const { port } = await listening()
    const entry = (protocolName: string) => ({ protocolName, contentType: 1, data: Buffer.from(SECRET) })
    const cases: Array<[Buffer, string]> = [
      [BtpPacket.serializeResponse(1, []), 'First message sent over BTP connection must be auth packet'],
      [BtpPacket.serializeMessage(1, []), 'Auth packet must have auth and auth_token subprotocols'],
      [BtpPacket.serializeMessage(1, [entry('auth_token'), entry('auth')]), 'First subprotocol must be auth'],
      [BtpPacket.serializeMessage(1, [entry('auth'), entry('auth_username')]), 'auth_token subprotocol is required']
    ]
    await Promise.all(cases.map(async ([frame, text]) => { expect(await refusal(port, frame)).to.equal(text) }))
  })

  it('hear nothing after a first frame that cannot be read, or is text', async () => {
    const { port } = await listening()
    for (const first of [Buffer.alloc(0), Buffer.from([6, 0]), authMessage(SECRET).toString('latin1')]) {
      const peer = await dial(port)
      peer.ws.send(first)
      await peer.closed
      expect(peer.received).to.have.length(0)
    }
  })

  it('do nothing for a peer that is not let in: no packet is handled, nothing is sent', async () => {
    const { plugin, port } = await listening()
    plugin.registerDataHandler(() => expect.fail('a stranger reached the data handler'))
    const peer = await dial(port)
    peer.authenticate('wrong')
    for (let id = 2; id < 50; id++) peer.message(id, packet)
    peer.authenticate(SECRET)
    await peer.closed
    expect(peer.received.map(({ type }) => type)).to.deep.equal([BtpPacket.TYPE_ERROR])
    expect(plugin.isConnected()).to.equal(false)
  })

  describe('whose token somebody guesses', () => {
    it('make wrong tokens wait, whether there is such a name or not, and let the right one in at once', async () => {
      const { port, alice, bob } = await twoAccounts()
      const clock = fakeTimers('Date')
      const guess = async (usernames: string[]): Promise<Array<{ text: string, waitedMs: number }>> => {
        const start = Date.now()
        let open = usernames.length
        const guesses = usernames.map(async (username, i) => {
          const text = await refusal(port, authMessage(`guess ${i}`, username))
          open--
          return { text, waitedMs: Date.now() - start }
        })
        await drive(clock, () => open === 0, 10)
        return await Promise.all(guesses)
      }
      const first = await guess(Array.from({ length: MAX_FAILURES }, (_, i) => i % 2 === 0 ? 'alice' : 'nobody'))
      const later = await guess(['alice', 'nobody', 'bob', ''])
      expect(new Set([...first, ...later].map(({ text }) => text)), 'the same words for all').to.deep.equal(new Set(['invalid auth_token']))
      for (const { waitedMs } of first) expect(waitedMs).to.be.lessThan(GUESS_DELAY_MS)
      for (const { waitedMs } of later) expect(waitedMs).to.be.at.least(GUESS_DELAY_MS)

      expect(await ask(await authenticated(port, alice, 'alice')), 'the right token').to.equal('this is alice')
      await authenticated(port, bob, 'bob')
      clock.tick(FAILURE_WINDOW_MS)
      const [again] = await guess(['alice'])
      expect(again!.waitedMs, 'when the guesses are over').to.be.lessThan(GUESS_DELAY_MS)
    })
  })

  it('keep their secrets: no log line, error, admin answer or inspection shows one', async () => {
    const log = new TestLog()
    const { plugin, port } = await listening({}, {}, log)
    const client = makePlugin({ server: `${serverUrl(port)}/path?key=${SECRET}`, reconnectInterval: 1 }, log)
    await client.connect()
    const guesser = makePlugin({ server: serverUrl(port, 'a wrong guess'), reconnectInterval: 1 }, log)
    const guessing = rejectionError(guesser.connect({ timeout: 30 }))
    await refusal(port, authMessage(`${SECRET} wrong`, SECRET))
    plugin.registerDataHandler(() => Promise.reject(new Error('failed')))
    const failed = await rejectionError(client.sendData(packet))
    const lost = once(client, 'disconnect')
    await plugin.disconnect()
    await lost
    const shown = [
      ...log.lines, inspect(failed), inspect(await guessing), inspect([plugin, client], { depth: 9, showHidden: true }),
      JSON.stringify([plugin, client]), JSON.stringify(await plugin.getAdminInfo()), JSON.stringify(await client.getAdminInfo())
    ].join('\n')
    expect(log.lines.join('\n')).to.include('refused a BTP connection').and.include('did not let us in')
    expect(shown).to.not.include(SECRET).and.not.include('a wrong guess')
  })
})
