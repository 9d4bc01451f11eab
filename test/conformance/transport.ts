/**
 * The promises every transport keeps to the settlement that uses it, as a mocha suite for authors of their own:
 * `transportConformance('mine', async () => { ...; return { one, other } })`.
 */
import { expect } from 'chai'
import { ContentType, TransportError, packetEntry, packetOf } from '../../src/contracts/transport.js'
import type { Entry, Transport } from '../../src/contracts/transport.js'

/** Two transports that are made for each other and not connected yet. */
export interface TransportPair {
  one: Transport
  other: Transport
}

const PACKET = Buffer.from('a packet')
const MANY = 200

const entry = (protocolName: string, text = ''): Entry => ({ protocolName, contentType: ContentType.TEXT, data: Buffer.from(text) })
const textOf = ({ protocolName, data }: Entry): string => `${protocolName}=${data.toString()}`
const echo = (data: Buffer): Promise<Buffer> => Promise.resolve(Buffer.concat([Buffer.from('re: '), data]))

/** @param createPair called for each test; both are disconnected after it */
export function transportConformance (name: string, createPair: () => Promise<TransportPair>): void {
  describe(`transport conformance: ${name}`, () => {
    let pair: TransportPair

    beforeEach(async () => { pair = await createPair() })
    afterEach(async () => { await Promise.all([pair.one.disconnect(), pair.other.disconnect()]) })

    const bothWays = (): Array<[Transport, Transport]> => [[pair.one, pair.other], [pair.other, pair.one]]
    const connect = async (): Promise<TransportPair> => {
      await Promise.all([pair.one.connect(), pair.other.connect()])
      return pair
    }

    describe('packets', () => {
      it('reach the data handler of the peer, and its answers come back, in both directions', async () => {
        await connect()
        for (const [sender, receiver] of bothWays()) {
          receiver.registerDataHandler(echo)
          expect(String(await sender.sendData(PACKET))).to.equal('re: a packet')
        }
      })

      it('get each its own answer, when many are under way and answers come in any order', async () => {
        const { one, other } = await connect()
        const held: Array<() => void> = []
        other.registerDataHandler(data => new Promise(resolve => {
          held.push(() => { resolve(data) })
          if (held.length === MANY) for (const release of held.reverse()) release()
        }))
        const answers = await Promise.all(Array.from({ length: MANY }, (_, i) => one.sendData(Buffer.from(String(i)))))
        expect(answers.map(String)).to.deep.equal(Array.from({ length: MANY }, (_, i) => String(i)))
      })

      it('that are no Buffer are refused where they are sent', async () => {
        const { one } = await connect()
        const wrong: unknown = 'a packet'
        expect(await rejection(one.sendData(wrong as Buffer))).to.be.an.instanceOf(TypeError)
        expect(() => packetEntry(wrong)).to.throw(TypeError)
      })

      it('have one data handler at a time', async () => {
        const { one, other } = await connect()
        other.registerDataHandler(echo)
        expect(() => { other.registerDataHandler(echo) }).to.throw('already registered')
        other.deregisterDataHandler()
        other.registerDataHandler(data => Promise.resolve(data))
        expect(String(await one.sendData(PACKET))).to.equal('a packet')
      })
    })

    describe('entries', () => {
      it('reach the handlers of their names without a packet, and nobody is asked about other names', async () => {
        await connect()
        for (const [sender, receiver] of bothWays()) {
          receiver.registerProtocolHandler('claim', ({ data }) => Promise.resolve([entry('claim', `got ${data.toString()}`)]))
          expect((await sender.sendMessage([entry('claim', 'one'), entry('unknown')])).map(textOf)).to.deep.equal(['claim=got one'])
          receiver.deregisterProtocolHandler('claim')
          expect(await sender.sendMessage([entry('claim', 'two')])).to.deep.equal([])
        }
      })

      it('beside a packet are answered before it, and one of them may answer the packet', async () => {
        const { one, other } = await connect()
        const order: string[] = []
        other.registerDataHandler(data => {
          order.push('packet')
          return echo(data)
        })
        other.registerProtocolHandler('claim', ({ data }) => {
          order.push('claim')
          return Promise.resolve(data.toString() === 'bad' ? [packetEntry(Buffer.from('rejected'))] : [entry('claim', 'taken')])
        })
        const good = await one.sendMessage([packetEntry(PACKET), entry('claim', 'good')])
        expect(good.map(textOf)).to.have.members(['ilp=re: a packet', 'claim=taken'])
        expect(String(packetOf(await one.sendMessage([packetEntry(PACKET), entry('claim', 'bad')])))).to.equal('rejected')
        expect(order).to.deep.equal(['claim', 'packet', 'claim'])
      })

      it('arrive in the order in which they were sent, with packets and without', async () => {
        const { one, other } = await connect()
        const arrived: string[] = []
        other.registerDataHandler(echo)
        other.registerProtocolHandler('claim', ({ data }) => {
          arrived.push(data.toString())
          return Promise.resolve([])
        })
        await Promise.all(Array.from({ length: MANY }, (_, i) =>
          one.sendMessage(i % 3 === 0 ? [entry('claim', String(i))] : [packetEntry(PACKET), entry('claim', String(i))])))
        expect(arrived).to.deep.equal(Array.from({ length: MANY }, (_, i) => String(i)))
      })

      it('keep their bytes and what they are', async () => {
        const { one, other } = await connect()
        const sent = [
          { protocolName: 'bytes', contentType: ContentType.OCTET_STREAM, data: Buffer.from([0, 255, 10, 13, 58]) },
          { protocolName: 'json', contentType: ContentType.JSON, data: Buffer.from('{"a":"ä"}') },
          { protocolName: 'text', contentType: ContentType.TEXT, data: Buffer.from('x'.repeat(8192)) }
        ]
        for (const { protocolName } of sent) other.registerProtocolHandler(protocolName, each => Promise.resolve([each]))
        const same = ({ protocolName, contentType, data }: Entry): unknown => [protocolName, contentType, data.toString('hex')]
        expect((await one.sendMessage(sent)).map(same)).to.deep.equal(sent.map(same))
      })

      it('of the name "ilp" belong to the data handler', () => {
        expect(() => { pair.one.registerProtocolHandler('ilp', () => Promise.resolve([])) }).to.throw('registerDataHandler')
      })
    })

    describe('a handler that fails', () => {
      it('is told to the sender, and the packet beside the entry goes nowhere', async () => {
        const { one, other } = await connect()
        other.registerDataHandler(() => Promise.reject(new Error('must not be called')))
        other.registerProtocolHandler('claim', () => Promise.reject(new Error('bad claim')))
        const error = await rejection(one.sendMessage([packetEntry(PACKET), entry('claim')]))
        expect(error.message).to.contain('bad claim').and.not.contain('must not')
        expect(codeOf(error), 'the peer has answered').to.equal(undefined)
      })

      it('for a while is told as such: the sender may ask again', async () => {
        const { one, other } = await connect()
        other.registerProtocolHandler('claim', () => Promise.reject(Object.assign(new Error('not now'), { name: 'UnreachableError' })))
        expect(codeOf(await rejection(one.sendMessage([entry('claim')])))).to.equal('T00')
      })

      it('harms no other message', async () => {
        const { one, other } = await connect()
        other.registerDataHandler(echo)
        other.registerProtocolHandler('claim', () => { throw new Error('at once') })
        const outcomes = await Promise.allSettled([one.sendMessage([entry('claim')]), one.sendData(PACKET)])
        expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled'])
      })
    })

    describe('the gate', () => {
      it('sees every message first, a packet alone as well, and lets pass what it likes', async () => {
        const { one, other } = await connect()
        const seen: string[][] = []
        other.registerDataHandler(echo)
        other.setGate((entries, next) => {
          seen.push(entries.map(({ protocolName }) => protocolName))
          return next(entries.filter(({ protocolName }) => protocolName !== 'claim'))
        })
        expect(String(await one.sendData(PACKET))).to.equal('re: a packet')
        expect(String(packetOf(await one.sendMessage([packetEntry(PACKET), entry('claim')])))).to.equal('re: a packet')
        expect(await one.sendMessage([entry('claim')])).to.deep.equal([])
        expect(seen).to.deep.equal([['ilp'], ['ilp', 'claim'], ['claim']])
      })

      it('may answer by itself, with a packet or with entries, or refuse', async () => {
        const { one, other } = await connect()
        other.registerDataHandler(() => Promise.reject(new Error('must not be called')))
        other.setGate(entries => {
          if (packetOf(entries) === undefined) return Promise.reject(new Error('refused'))
          return Promise.resolve(entries.length === 1 ? Buffer.from('alone') : [packetEntry(Buffer.from('rejected')), entry('claim', 'behind')])
        })
        expect(String(await one.sendData(PACKET))).to.equal('alone')
        expect((await one.sendMessage([packetEntry(PACKET), entry('claim')])).map(textOf)).to.have.members(['ilp=rejected', 'claim=behind'])
        expect((await rejection(one.sendMessage([entry('claim')]))).message).to.contain('refused')
      })
    })

    describe('the connection', () => {
      it('is told of when it comes and when it goes, and can be had again', async () => {
        const { one, other } = pair
        const events: string[] = []
        one.on('connect', () => events.push('connect'))
        one.on('disconnect', () => events.push('disconnect'))
        expect(one.isConnected()).to.equal(false)
        await connect()
        expect([one.isConnected(), other.isConnected(), ...events]).to.deep.equal([true, true, 'connect'])
        await one.disconnect()
        expect([one.isConnected(), ...events]).to.deep.equal([false, 'connect', 'disconnect'])
        await one.connect()
        other.registerDataHandler(echo)
        expect(String(await one.sendData(PACKET))).to.equal('re: a packet')
        expect(events).to.deep.equal(['connect', 'disconnect', 'connect'])
      })

      it('that is not there is T01: nothing was sent', async () => {
        for (const sending of [pair.one.sendData(PACKET), pair.one.sendMessage([entry('claim')])]) {
          expect(codeOf(await rejection(sending))).to.equal('T01')
        }
      })

      it('that ends before the answer is R00: the peer may have carried it out', async () => {
        const { one, other } = await connect()
        let arrived: () => void = () => undefined
        const arriving = new Promise<void>(resolve => { arrived = resolve })
        other.registerDataHandler(() => {
          arrived()
          return new Promise(() => undefined)
        })
        const sending = rejection(one.sendData(PACKET))
        await arriving
        await one.disconnect()
        expect(codeOf(await sending)).to.equal('R00')
      })

      it('can be given up after a while, and is then tried further', async () => {
        const { one, other } = pair
        const waiting = await one.connect({ timeout: 30 }).then(() => 'there', () => 'not there')
        expect(waiting).to.be.oneOf(['there', 'not there']) // a transport without connections cannot tell
        await other.connect()
        await one.connect()
        expect(one.isConnected()).to.equal(true)
      })

      it('shows nothing to an operator that is secret', async () => {
        const { one } = await connect()
        expect(JSON.stringify(await one.getAdminInfo())).to.be.a('string').and.not.match(/secret|token|password/i)
      })
    })
  })
}

/** Fails for what is no TransportError. */
function codeOf (error: Error): string | undefined {
  if (!(error instanceof TransportError)) throw new Error('expected a TransportError', { cause: error })
  return error.ilpErrorCode
}

async function rejection (promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(() => undefined, (error: unknown) => error)
  if (!(outcome instanceof Error)) throw new Error('expected a rejection')
  return outcome
}
