/** `connector send` against real HTTP: what a person reads, what a script gets, and the exit code. */
import { expect } from 'chai'
import { NodeFixture } from '../../support/admin-node.js'
import { freePorts, Workplace, type Result } from '../../support/cli.js'

const KEY = 's3cr3t-key'

describe('connector, towards a running node', () => {
  let place: Workplace
  let api: NodeFixture
  beforeEach(async () => {
    place = await Workplace.make()
    api = await new NodeFixture({ apiKey: KEY }).start()
  })
  afterEach(async () => {
    await api.stop()
    await place.remove()
  })

  describe('send', () => {
    const PACKET = ['--destination', 'g.connector-c.alice', '--amount', '1000', '--data', 'Hello through the network!']
    const send = (args: string[] = PACKET, env: Record<string, string> = { ADMIN_API_KEY: KEY }): Promise<Result> =>
      place.run(['send', '--url', `http://127.0.0.1:${api.admin}`, ...args], { env })

    it('sends the text as data and shows the fulfillment', async () => {
      const { code, out, err } = await send()
      expect([code, err]).to.deep.equal([0, ''])
      expect(out).to.match(/^Fulfilled\.\nFulfillment: [\w+/]{43}=\n$/)
      expect(api.node.sent[0]).to.deep.include({ destination: 'g.connector-c.alice', amount: 1000n, data: Buffer.from('Hello through the network!') })
    })

    it('shows data that comes back as text', async () => {
      api.node.answer = () => Promise.resolve({ type: 13, fulfillment: Buffer.alloc(32), data: Buffer.from('thanks') })
      expect((await send()).out).to.contain('\nData: thanks\n')
    })

    it('shows a reject, and ends with 1', async () => {
      api.node.answer = () => Promise.resolve({ type: 14, code: 'F02', triggeredBy: 'g.a', message: 'No route to destination: g.x', data: Buffer.from('why') })
      expect(await send()).to.deep.equal({ code: 1, out: '', err: 'Rejected: F02 No route to destination: g.x\nData: why\n' })
      const { code, out } = await send([...PACKET, '--json'])
      expect([code, JSON.parse(out)]).to.deep.equal([1, {
        accepted: false, fulfilled: false, code: 'F02', message: 'No route to destination: g.x', data: Buffer.from('why').toString('base64')
      }])
    })

    it('shows what others say, and does not let it move the cursor, or pass for a line of ours', async () => {
      const lie = '\x1b[2K\rno\nFulfilled.\u009b1A\u202e'
      api.node.answer = () => Promise.resolve({ type: 14, code: 'F99', triggeredBy: 'g.a', message: lie, data: Buffer.from('\x1b]0;title\x07') })
      expect(await send()).to.deep.equal({
        code: 1, out: '', err: 'Rejected: F99 \\u001b[2K\\u000dno Fulfilled.\\u009b1A\\u202e\nData: \\u001b]0;title\\u0007\n'
      })
      expect(JSON.parse((await send([...PACKET, '--json'])).out)).to.include({ message: lie })
    })

    it('sends more packets at once than an admin API has places for one address, and tells of each', async () => {
      const { code, out } = await send(['-d', 'g.c', '-a', '1', '--batch', '400'])
      expect([code, out.replace(/in \d+ ms/, '')]).to.deep.equal([0, 'Sent 400 packets : 400 fulfilled, 0 rejected.\n'])
      expect(api.node.sent).to.have.length(400)
    })

    it('prints the answer as JSON', async () => {
      const { code, out } = await send(['-d', 'g.c', '-a', '0', '--json'])
      expect(code).to.equal(0)
      expect(JSON.parse(out)).to.include({ accepted: true, fulfilled: true })
    })

    it('finds the key in .env, and says where to put it', async () => {
      const { code, err } = await send(PACKET, {})
      expect(code).to.equal(1)
      expect(err).to.contain('(HTTP 401): Invalid or missing API key. Set ADMIN_API_KEY in the environment or in .env')
      await place.write('.env', `ADMIN_API_KEY=${KEY}\n`)
      expect(await send(PACKET, {})).to.include({ code: 0 })
      expect(await send(PACKET, { ADMIN_API_KEY: 'wrong' }), 'the environment wins').to.include({ code: 1 })
    })

    it('gives the packet the time of --timeout', async () => {
      api.node.answer = () => new Promise(() => undefined)
      const { code, err } = await send([...PACKET, '--timeout', '50'])
      expect(code).to.equal(1)
      expect(err).to.contain('(HTTP 408): No response received within 50ms')
    })

    it('points from the health port to the admin port', async () => {
      const { code, err } = await place.run(['send', ...PACKET, '-u', `http://127.0.0.1:${api.health}`])
      expect(code).to.equal(1)
      expect(err).to.contain('(HTTP 404)').and.to.contain('adminApi.port, default 8081')
    })

    it('says that nothing answers', async () => {
      const [port] = await freePorts(1)
      const { code, err } = await place.run(['send', ...PACKET, '-u', `127.0.0.1:${port!}`])
      expect(code).to.equal(1)
      expect(err).to.contain('(connection refused). Is the node running, and is adminApi enabled on this port?')
    })

    it('sends a batch at once, and a sequence one after the other', async () => {
      let [underWay, most] = [0, 0]
      api.node.answer = async () => {
        most = Math.max(most, ++underWay)
        await new Promise(setImmediate)
        underWay--
        return { type: 13, fulfillment: Buffer.alloc(32), data: Buffer.alloc(0) }
      }
      const batch = await send([...PACKET, '--batch', '20'])
      expect(batch).to.include({ code: 0, err: '' })
      expect(batch.out).to.match(/^Sent 20 packets in \d+ ms: 20 fulfilled, 0 rejected\.\n$/)
      expect(api.node.sent).to.have.lengthOf(20)
      most = 0
      const sequence = await send([...PACKET, '--sequence', '3', '--delay', '100', '--json'])
      const told = JSON.parse(sequence.out) as { ms: number }
      expect(told).to.include({ sent: 3, fulfilled: 3, rejected: 0 })
      expect(told.ms).to.be.at.least(190) // two pauses; timers may be a little early
      expect([api.node.sent.length, most]).to.deep.equal([23, 1])
    })

    it('tells what was paid before a packet could not be sent, and sends no more', async () => {
      let count = 0
      api.node.answer = () => count++ < 2
        ? Promise.resolve({ type: 13, fulfillment: Buffer.alloc(32), data: Buffer.alloc(0) })
        : new Promise(() => undefined)
      for (const way of ['--sequence', '--batch']) {
        count = 0
        api.node.sent.length = 0
        const { code, out, err } = await send([...PACKET, way, '250', '--timeout', '50'])
        expect([code, out.replace(/in \d+ ms/, '')]).to.deep.equal([1, 'Sent 2 packets : 2 fulfilled, 0 rejected.\n'])
        expect(err).to.contain('No response received within 50ms')
        expect(api.node.sent.length).to.be.at.most(102)
      }
    })

    it('counts what of many was rejected, by code, and ends with 1', async () => {
      let count = 0
      api.node.answer = () => Promise.resolve(count++ < 2
        ? { type: 14, code: 'T04', triggeredBy: 'g.a', message: 'no', data: Buffer.alloc(0) }
        : { type: 13, fulfillment: Buffer.alloc(32), data: Buffer.alloc(0) })
      const { code, out } = await send([...PACKET, '--sequence', '5'])
      expect(code).to.equal(1)
      expect(out).to.match(/: 3 fulfilled, 2 rejected\.\n {2}T04: 2\n$/)
    })

    const refused: Array<[string[], string]> = [
      [[], 'Missing --destination'],
      [['-d', 'g.a'], 'Missing --amount'],
      [['-d', 'g.a b', '-a', '1'], 'Invalid ILP address: g.a b'],
      [['-d', 'g.a', '-a', '1.5'], 'Amount must be a non-negative integer string'],
      [['-d', 'g.a', '-a', '1', '--timeout', 'soon'], '--timeout must be a positive integer'],
      [['-d', 'g.a', '-a', '1', '-u', 'ftp://localhost:4000'], '--url must be the http:// or https:// URL of an admin API'],
      [['-d', 'g.a', '-a', '1', '--expiry', '301'], '--expiry, in ms, must be at most 300000'],
      [['-d', 'g.a', '-a', '1', '--batch', '1001'], '--batch must be a whole number from 1 to 1000, found 1001'],
      [['-d', 'g.a', '-a', '1', '--sequence', '0'], '--sequence must be a whole number from 1 to'],
      [['-d', 'g.a', '-a', '1', '--batch', '2', '--sequence', '2'], 'Give either --batch or --sequence.']
    ]
    for (const [args, message] of refused) {
      it(`refuses "${args.join(' ')}" and sends nothing`, async () => {
        const { code, err } = await send(args)
        expect(code).to.equal(1)
        expect(err).to.contain(message).and.to.contain('More: connector send --help')
        expect(api.node.sent).to.deep.equal([])
      })
    }
  })
})
