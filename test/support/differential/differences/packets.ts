/** Differences in what is done with a packet. */
import { expect } from 'chai'
import { serializeIlpPrepare } from 'ilp-packet'
import { encodeReject } from '../../../../src/packet/reply.js'
import { between, modulePath } from '../harness.js'
import { preparePacket, preimage, readPrepare, rejectPacket } from '../packets.js'
import { askBoth, type Answer, type Differences } from './difference.js'

const amountsAt = (packets: Buffer[]): string[] => packets.map(packet => readPrepare(packet).amount)
const scripted = (script: object): object => ({ backend: modulePath('scripted-backend.js'), backendConfig: script })

function textOf ({ bytes }: Answer): string {
  return Buffer.from(String(bytes), 'hex').toString('latin1')
}

export const packets: Differences = {
  'Amounts that do not fit into a packet are refused': async arena => {
    const duel = await arena.start(between({ assetScale: 2 }, { assetScale: 9 }))
    const answers = await askBoth(duel, 'alice', preparePacket({ destination: 'test.bob', amount: '1844674407370955162' }))
    expect(answers.reference).to.have.property('fulfill')
    expect(amountsAt(duel.reference.plugin('bob').packets)).to.deep.equal(['4000000'])
    expect(answers.sluice).to.include({ reject: 'F08', message: 'packet size too large. maxAmount=1844674407370 actualAmount=1844674407370955162' })
    expect(duel.sluice.plugin('bob').packets).to.deep.equal([])
  },

  'Malformed packets are answered with F01': async arena => {
    const duel = await arena.start(between())
    const good = preparePacket({ destination: 'test.bob.x', data: Buffer.from('hello') })
    const echo = Buffer.from('ECHOECHOECHOECHO\0')
    for (const packet of [
      Buffer.from([12, 2, 0, 0]), good.subarray(0, 40), Buffer.concat([good.subarray(0, 1), Buffer.from([0x81]), good.subarray(1)]),
      serializeIlpPrepare({ ...readPrepare(good), destination: 'nonsense' }), serializeIlpPrepare({ ...readPrepare(good), destination: '' }),
      preparePacket({ destination: 'test.connie', data: echo }),
      preparePacket({ destination: 'test.connie', data: Buffer.concat([echo, Buffer.from([3]), Buffer.from('bob')]) })
    ]) {
      const answers = await askBoth(duel, 'alice', packet)
      expect(answers.reference).to.include({ reject: 'F00' })
      expect(answers.sluice).to.include({ reject: 'F01' })
    }
  },

  'An expired question for an address is answered with both times': async arena => {
    const duel = await arena.start(between({}, {}, { accounts: { kid: { relation: 'child' } } }))
    const answers = await askBoth(duel, 'kid', preparePacket({ destination: 'peer.config', amount: 0, expiresIn: -1, fulfillment: Buffer.alloc(32) }))
    expect(answers.reference).to.include({ reject: 'F00', message: 'IL-DCP request packet is expired.' })
    expect(answers.sluice).to.include({ reject: 'F00' }).and.have.property('message')
      .that.matches(/^IL-DCP request packet is expired\. expiry=\S+Z currentTime=\S+Z$/)
  },

  'An expiry is seventeen digits': async arena => {
    const duel = await arena.start(between())
    const packet = preparePacket({ destination: 'test.bob', expiresIn: 5000 })
    packet[10 + 14] = ' '.charCodeAt(0)
    const answers = await askBoth(duel, 'alice', packet)
    expect(answers.reference).to.have.property('fulfill')
    expect(answers.sluice).to.include({ reject: 'F01', message: 'expiry is not a time of 17 digits.' })
  },

  'Addresses are ASCII': async arena => {
    const duel = await arena.start(between())
    const packet = preparePacket({ destination: 'test.bob' })
    packet[packet.indexOf('bob')]! |= 0x80
    const answers = await askBoth(duel, 'alice', packet)
    expect(answers.reference).to.have.property('fulfill')
    expect(readPrepare(duel.reference.plugin('bob').packets[0]!).destination).to.equal('test.bob')
    expect(answers.sluice).to.include({ reject: 'F01' })
  },

  'Data is at most 32,768 bytes': async arena => {
    const duel = await arena.start(between())
    await duel.sendSame('alice', preparePacket({ destination: 'test.bob', data: Buffer.alloc(32_768) }))
    const answers = await askBoth(duel, 'alice', preparePacket({ destination: 'test.bob', data: Buffer.alloc(32_769) }))
    expect(answers.reference).to.have.property('fulfill')
    expect(answers.sluice).to.include({ reject: 'F01', message: 'packet data is too long. length=32769 maximum=32768' })
  },

  'A plugin must hand over bytes': async arena => {
    const duel = await arena.start(between({ maxPacketAmount: '1000' }))
    for (const packet of ['text', {}]) {
      const answers = await askBoth(duel, 'alice', packet)
      expect(answers.reference).to.include({ reject: 'F00', message: `data handler was passed a non-buffer. typeof=${typeof packet}` })
      expect(answers.sluice).to.include({ reject: 'F01', message: `data handler was passed a non-buffer. typeof=${typeof packet}` })
    }
  },

  'A next hop must answer with a packet': async arena => {
    const duel = await arena.start(between())
    for (const [answer, theirs, ours] of [
      [undefined, "F00 Cannot read properties of undefined (reading '0')", 'F02 failed to send packet: plugin answered with something other than a Buffer. typeof=undefined'],
      ['no', 'F00 Reader must be given a Buffer', 'F02 failed to send packet: plugin answered with something other than a Buffer. typeof=string'],
      [Buffer.alloc(0), 'F00 Attempt to access memory outside buffer bounds', 'F01 next hop answered with no fulfill and no reject. type=undefined'],
      [preparePacket({ destination: 'test.x' }), 'F00 Packet has incorrect type', 'F01 next hop answered with no fulfill and no reject. type=12'],
      [rejectPacket().subarray(0, 9), 'F00 Tried to read 22 bytes, but only 7 bytes available', 'F01 packet is truncated. needed=22 available=7']
    ] as const) {
      await duel.each(side => { side.plugin('bob').respond = () => answer })
      const answers = await askBoth(duel, 'alice', preparePacket({ destination: 'test.bob', fulfillment: preimage(theirs) }))
      expect(`${String(answers.reference.reject)} ${String(answers.reference.message)}`).to.equal(theirs)
      expect(`${String(answers.sluice.reject)} ${String(answers.sluice.message)}`).to.equal(ours)
    }
  },

  'An unused address below our own is unreachable': async arena => {
    const duel = await arena.start(between())
    const ping = Buffer.concat([Buffer.from('ECHOECHOECHOECHO\0'), Buffer.from([11]), Buffer.from('test.connie')])
    for (const packet of [preparePacket({ destination: 'test.connie.nobody' }), preparePacket({ destination: 'test.connie', data: ping })]) {
      const answers = await askBoth(duel, 'alice', packet)
      expect(answers.reference).to.include({ reject: 'F00', message: 'unknown account id. accountId=' })
      expect(answers.sluice).to.include({ reject: 'F02' }).and.have.property('message').that.matches(/^no route found\./)
    }
  },

  "A failing backend is our problem, not the sender's": async arena => {
    const duel = await arena.start(between({}, {}, scripted({ getRate: () => Promise.reject(new Error('no key for db at 10.0.0.7')) })))
    const answers = await askBoth(duel, 'alice', preparePacket({ destination: 'test.bob' }))
    expect(answers.reference).to.include({ reject: 'F00', message: 'no key for db at 10.0.0.7' })
    expect(answers.sluice).to.include({ reject: 'T00', message: 'no exchange rate available.' })
  },

  'A rate is a number above zero': async arena => {
    const theirs = [
      [0, 'fulfill', undefined], [-1, 'F00', 'UInt must be positive'], [NaN, 'F00', 'UInt must be an integer'], ['much', 'F00', 'UInt must be an integer']
    ] as const
    for (const [rate, code, message] of theirs) {
      const duel = await arena.start(between({}, {}, scripted({ rate })))
      const answers = await askBoth(duel, 'alice', preparePacket({ destination: 'test.bob' }))
      if (code === 'fulfill') expect(amountsAt(duel.reference.plugin('bob').packets)).to.deep.equal(['0'])
      else expect(answers.reference).to.include({ reject: code, message })
      expect(answers.sluice).to.include({ reject: 'T00', message: 'no exchange rate available.' })
    }
  },

  'A backend cannot turn a Fulfill into a reject': async arena => {
    for (const hook of ['submitPacket', 'submitPayment']) {
      const duel = await arena.start(between({ balance: { maximum: '100' } }, { balance: { maximum: '0' } }, scripted({
        [hook]: () => { throw new Error('disk full') }
      })))
      const answers = await askBoth(duel, 'alice', preparePacket({ destination: 'test.bob' }))
      expect(answers.reference).to.include({ reject: 'F00', message: 'disk full' })
      expect(duel.reference.balances()).to.deep.equal({ alice: '0', bob: '-100' })
      expect(answers.sluice).to.have.property('fulfill')
      expect(duel.sluice.balances()).to.deep.equal({ alice: '100', bob: '-100' })
    }
  },

  'Anything that is thrown becomes a reject': async arena => {
    const duel = await arena.start(between())
    for (const [error, theirs, code] of [
      [Object.assign(new Error('busy'), { ilpErrorCode: 'T2' }), 'ILP error codes must be three bytes long, received: T2', 'F02'],
      [Object.assign(new Error('busy'), { ilpErrorCode: 7 }), 'code must be a string', 'F02'],
      [Object.assign(new Error('busy'), { ilpErrorData: 'later' }), 'data must be a buffer', 'F02']
    ] as const) {
      await duel.each(side => { side.plugin('bob').respond = () => { throw error } })
      const answers = await askBoth(duel, 'alice', preparePacket({ destination: 'test.bob', fulfillment: preimage(theirs) }))
      expect(answers.reference).to.deep.equal({ thrown: theirs })
      expect(answers.sluice).to.include({ reject: code }).and.have.property('message').that.matches(/^failed to send packet/)
    }
  },

  'A Reject that is signed by a name keeps its code': async arena => {
    const duel = await arena.start(between(), () => encodeReject({ code: 'T00', triggeredBy: 'connector-b', message: 'later', data: Buffer.alloc(0) }))
    const answers = await askBoth(duel, 'alice', preparePacket({ destination: 'test.bob', fulfillment: preimage('signed') }))
    expect(answers.reference).to.include({ reject: 'F00' })
    expect(answers.sluice).to.include({ reject: 'T00', triggeredBy: '', message: 'later' })
  },

  'A plugin\'s errors stay as they are': async arena => {
    const { reference, sluice } = { reference: new Error('cable cut'), sluice: new Error('cable cut') }
    const duel = await arena.start(between())
    duel.reference.plugin('bob').respond = () => { throw reference }
    duel.sluice.plugin('bob').respond = () => { throw sluice }
    for (const number of [1, 2]) await askBoth(duel, 'alice', preparePacket({ destination: 'test.bob', fulfillment: preimage(`error ${number}`) }))
    expect(reference.message).to.equal('failed to send packet: failed to send packet: cable cut')
    expect(sluice.message).to.equal('cable cut')
  },

  'Rejects name no accounts': async arena => {
    const duel = await arena.start(between({}, {}, { reflectPayments: false }))
    const tellBoth = async (destination: string): Promise<unknown[]> => {
      const { reference, sluice } = await askBoth(duel, 'alice', preparePacket({ destination }))
      return [sluice.reject === reference.reject, reference.message, sluice.message]
    }
    expect(await tellBoth('test.nobody')).to.deep.equal([true, 'no route found. source=alice destination=test.nobody', 'no route found.'])
    expect(await tellBoth('test.alice')).to.deep.equal([
      true, 'refusing to route payments back to sender. sourceAccount=alice destinationAccount=test.alice', 'refusing to route payments back to sender.'
    ])
    await duel.each(side => side.plugin('bob').setConnected(false))
    expect(await tellBoth('test.bob')).to.deep.equal([true, 'no connection to account. account=bob', 'no connection to account.'])
  },

  'Errors that nobody wrote for the sender stay in the log': async arena => {
    const duel = await arena.start(between())
    for (const [error, theirs, ours] of [
      [new Error('connect ECONNREFUSED 10.0.0.7'), 'failed to send packet: connect ECONNREFUSED 10.0.0.7', 'failed to send packet.'],
      [Object.assign(new Error('busy'), { ilpErrorCode: 'T03' }), 'failed to send packet: busy', 'failed to send packet: busy']
    ] as const) {
      await duel.each(side => { side.plugin('bob').respond = () => { throw Object.assign(new Error(error.message), error) } })
      const { reference, sluice } = await askBoth(duel, 'alice', preparePacket({ destination: 'test.bob', fulfillment: preimage(theirs) }))
      expect([reference.message, sluice.message]).to.deep.equal([theirs, ours])
      expect(sluice.reject).to.equal(reference.reject)
    }
  },

  'No connector is called unknown': async arena => {
    const duel = arena.prepare({ ilpAddress: 'unknown', accounts: { mum: { relation: 'parent' }, kid: { relation: 'child' } } })
    await duel.each(side => {
      side.plugin('mum').respond = () => new Promise(() => undefined)
      void side.app.listen()
    })
    await arena.tick(0)
    const answers = await askBoth(duel, 'kid', preparePacket({ destination: 'g.x' }))
    expect(textOf(answers.reference)).to.contain('unknown')
    expect(answers.sluice).to.include({ triggeredBy: '' })
    const addresses = await askBoth(duel, 'kid', preparePacket({ destination: 'peer.config', amount: 0, fulfillment: Buffer.alloc(32) }))
    expect(textOf(addresses.reference)).to.contain('unknown.kid')
    expect(addresses.sluice).to.include({ reject: 'T01', message: 'connector has no address from its parent yet.' })
  }
}
