/** Differences in balances, settlements and limits. */
import { expect } from 'chai'
import sinon from 'sinon'
import { Gate, between, modulePath, type Duel } from '../harness.js'
import { fulfil, preparePacket, preimage, rejectPacket } from '../packets.js'
import { askBoth, type Differences } from './difference.js'

let count = 0

/** A packet that no other packet resembles. */
function packet (destination: string, amount: number | string, fields: object = {}): Buffer {
  return preparePacket({ destination, amount, fulfillment: preimage(`money ${count++}`), ...fields })
}

function balances (duel: Duel, id: string): [string | undefined, string | undefined] {
  return [duel.reference.balances()[id], duel.sluice.balances()[id]]
}

/** What the middleware itself says; its words differ. */
function shown (duel: Duel, id: string): [string, string] {
  return [duel.reference, duel.sluice].map(side => String(side.middleware('balance')?.getStatus().accounts[id]?.balance)) as [string, string]
}

export const balance: Differences = {
  'The minimum is checked before a packet is sent': async arena => {
    const duel = await arena.start(between({}, { balance: { minimum: '-99', maximum: '0' } }))
    const answers = await askBoth(duel, 'alice', packet('test.bob', 100))
    expect(answers.reference).to.include({ reject: 'F00', message: 'insufficient funds. oldBalance=0 proposedBalance=-100' })
    expect(duel.reference.plugin('bob').packets).to.have.length(1)
    expect(answers.sluice).to.include({ reject: 'T04', message: 'exceeded minimum balance.' })
    expect(duel.sluice.plugin('bob').packets).to.have.length(0)
  },

  'Money in flight counts only against the limit it moves towards': async arena => {
    const gate = new Gate()
    const duel = await arena.start(between({}, { balance: { minimum: '-100', maximum: '1000' } }), async (prepare, accountId) => {
      if (accountId === 'bob') return fulfil(prepare)
      await gate.pass()
      return rejectPacket()
    })
    const incoming = askBoth(duel, 'bob', packet('test.alice', 50))
    await arena.tick(0)
    const outgoing = await askBoth(duel, 'alice', packet('test.bob', 150))
    expect(outgoing.reference).to.have.property('fulfill')
    expect(outgoing.sluice).to.include({ reject: 'T04', message: 'exceeded minimum balance.' })
    gate.open()
    // What came in is refused after all. ilp-connector then owes 150 where it may owe 100, cannot give the 50 back, and counts 100.
    expect((await incoming).reference).to.include({ reject: 'F00', message: 'insufficient funds. oldBalance=-100 proposedBalance=-150' })
    expect((await incoming).sluice).to.include({ reject: 'F99' })
    expect(balances(duel, 'bob')).to.deep.equal(['-100', '0'])
  },

  'A refused packet is always given back': async arena => {
    const gate = new Gate()
    const duel = await arena.start(between({ balance: { minimum: '0', maximum: '100' } }), async () => {
      await gate.pass()
      return rejectPacket()
    })
    const answers = askBoth(duel, 'alice', packet('test.bob', 100))
    await arena.tick(0)
    await duel.each(side => side.plugin('alice').receiveMoney('100'))
    gate.open()
    expect((await answers).reference).to.include({ reject: 'F00', message: 'insufficient funds. oldBalance=0 proposedBalance=-100' })
    expect((await answers).sluice).to.include({ reject: 'F99' })
    expect(balances(duel, 'alice')).to.deep.equal(['0', '-100'])
  },

  'Money that was received is credited': async arena => {
    const duel = await arena.start(between({ balance: { minimum: '0', maximum: '100' } }, { balance: { maximum: '100' }, rateLimit: { refillCount: 1 } }))
    const below = await duel.each(side => side.plugin('alice').receiveMoney('50'))
    expect(below).to.deep.equal({ reference: { thrown: 'insufficient funds. oldBalance=0 proposedBalance=-50' }, sluice: undefined })
    expect(balances(duel, 'alice')).to.deep.equal(['0', '-50'])
    await duel.each(side => side.plugin('bob').receiveMoney('5'))
    const tooMany = await duel.each(side => side.plugin('bob').receiveMoney('5'))
    expect(tooMany).to.deep.equal({ reference: { thrown: 'too many requests, throttling.' }, sluice: undefined })
    expect(balances(duel, 'bob')).to.deep.equal(['-5', '-10'])
  },

  'Received money must be a whole amount': async arena => {
    const duel = await arena.start(between({ balance: { maximum: '100' } }))
    for (const [amount, theirs] of [['-5', '5'], ['1.5', '3.5'], ['abc', 'NaN']] as const) {
      const { reference, sluice } = await duel.each(side => side.plugin('alice').receiveMoney(amount))
      expect(reference).to.equal(undefined)
      expect(sluice).to.deep.equal({ thrown: `plugin reported an unusable amount of money. accountId=alice amount=${amount}` })
      expect(balances(duel, 'alice')).to.deep.equal([theirs, '0'])
    }
  },

  'The balance shown is final': async arena => {
    const gate = new Gate()
    const duel = await arena.start(between({ balance: { maximum: '100' } }), async prepare => {
      await gate.pass()
      return fulfil(prepare)
    })
    const answers = askBoth(duel, 'alice', packet('test.bob', 100))
    await arena.tick(0)
    expect(shown(duel, 'alice')).to.deep.equal(['100', '0'])
    expect(duel.sluice.middleware('balance')?.getStatus().accounts.alice).to.include({ incomingHolds: 100n })
    const gauge = 'ilp_connector_balance [["account","alice"],["asset","USD"],["scale",9]]'
    expect([duel.reference.metrics()[gauge], duel.sluice.metrics()[gauge]]).to.deep.equal([100, 0])
    const adjust = (diff: number): Promise<unknown> => duel.each(side => {
      side.middleware('balance')?.modifyBalance('alice', side.name === 'reference' ? String(diff) : BigInt(diff))
    })
    expect(await adjust(1)).to.deep.equal({ reference: { thrown: 'exceeded maximum balance.' }, sluice: undefined })
    await duel.each(side => side.plugin('alice').receiveMoney('1'))
    gate.open()
    await answers
    expect(shown(duel, 'alice')).to.deep.equal(['99', '100'])
  },

  'Metrics sum money exactly': async arena => {
    const duel = await arena.start(between({ balance: { maximum: 'Infinity' } }))
    for (const amount of ['9007199254740992', '1', '1']) await duel.sendSame('alice', packet('test.bob', amount))
    const [reference, sluice] = [duel.reference, duel.sluice].map(side =>
      Object.entries(side.metrics()).find(([key]) => key.startsWith('ilp_connector_incoming_ilp_packet_value '))?.[1])
    expect(reference).to.equal(9007199254740992)
    expect(sluice).to.equal(9007199254740994)
  },

  'Balances outlive the process': async arena => {
    const kept = { reference: new Map<string, string>(), sluice: new Map<string, string>() }
    const start = (): Promise<Duel> => arena.start(side => between({ balance: { maximum: '1000' } }, {}, {
      store: modulePath('kept-store.js'), storeConfig: { kept: kept[side] }
    }))
    const before = await start()
    await before.sendSame('alice', packet('test.bob', 100))
    await before.stop()
    expect(balances(await start(), 'alice')).to.deep.equal(['0', '100'])
  },

  'An account that comes back finds its balance': async arena => {
    const alice = { balance: { maximum: '1000' } }
    const duel = await arena.start(between(alice))
    await duel.sendSame('alice', packet('test.bob', 100))
    await duel.same(side => side.app.removePlugin('alice'))
    await duel.same(side => side.app.addPlugin('alice', side.account('alice', alice)))
    expect(balances(duel, 'alice')).to.deep.equal(['0', '100'])
  },

  'A removed account leaves the balances when it is even': async arena => {
    const duel = await arena.start(between({ balance: { maximum: '1000' } }))
    await duel.same(side => side.app.removePlugin('alice'))
    expect(balances(duel, 'alice')).to.deep.equal(['0', undefined])
  }
}

export const settlement: Differences = {
  'A failed settlement is undone and tried again': async arena => {
    const duel = await arena.start(between({}, { balance: { maximum: '0', settleThreshold: '-100' } }))
    await duel.each(side => { side.plugin('bob').pay = () => { throw new Error('ledger is down') } })
    await duel.sendSame('alice', packet('test.bob', 101))
    await arena.tick(0)
    expect(balances(duel, 'bob')).to.deep.equal(['0', '-101'])
    await duel.each(side => { side.plugin('bob').pay = () => undefined })
    await arena.tick(60_000)
    expect(duel.reference.plugin('bob').money).to.deep.equal(['101'])
    expect(duel.sluice.plugin('bob').money).to.deep.equal(['101', '101'])
    expect(balances(duel, 'bob')).to.deep.equal(['0', '0'])
  },

  'A plugin that cannot pay settles nothing': async arena => {
    const duel = arena.prepare(between({}, { balance: { maximum: '0', settleThreshold: '-100' } }))
    await duel.each(side => { Object.assign(side.plugin('bob'), { settles: false }) })
    await duel.listen()
    await duel.sendSame('alice', packet('test.bob', 101))
    await arena.tick(0)
    expect(duel.reference.plugin('bob').money).to.deep.equal(['101'])
    expect(duel.sluice.plugin('bob').money).to.deep.equal([])
    expect(balances(duel, 'bob')).to.deep.equal(['0', '-101'])
  },

  'An account has one settlement at a time': async arena => {
    const gate = new Gate()
    const duel = await arena.start(between({}, { balance: { maximum: '0', settleThreshold: '-100' } }))
    await duel.each(side => { side.plugin('bob').pay = () => gate.pass() })
    for (const amount of [101, 150]) await duel.sendSame('alice', packet('test.bob', amount))
    await arena.tick(0)
    expect(duel.reference.plugin('bob').money).to.deep.equal(['101', '150'])
    expect(duel.sluice.plugin('bob').money).to.deep.equal(['101'])
    gate.open()
    await arena.tick(0)
    expect(duel.sluice.plugin('bob').money).to.deep.equal(['101', '150'])
    expect(balances(duel, 'bob')).to.deep.equal(['0', '0'])
  },

  'Zero and negative amounts are never paid': async arena => {
    const settling = { balance: { maximum: '100', settleThreshold: '10', settleTo: '5' } }
    const one = arena.prepareOne('reference', between(settling))
    await one.app.listen()
    for (const diff of ['3', '-1', '-1']) one.middleware('balance')?.modifyBalance('alice', diff)
    await arena.tick(0)
    expect(one.plugin('alice').money).to.deep.equal(['5', '-2', '1'])
    await one.app.shutdown()
    expect(() => arena.prepareOne('sluice', between(settling))).to.throw('settleThreshold "10" is above settleTo "5"')
  }
}

export const limits: Differences = {
  'Rejected packets do not count against the bandwidth': async arena => {
    const duel = await arena.start(between({}, { throughput: { outgoingAmount: '100' } }), () => rejectPacket())
    await duel.sendSame('alice', packet('test.bob', 100))
    await duel.each(side => { side.plugin('bob').respond = packet => fulfil(packet) })
    const answers = await askBoth(duel, 'alice', packet('test.bob', 100))
    expect(answers.reference).to.include({ reject: 'T04', message: 'exceeded money bandwidth, throttling.' })
    expect(answers.sluice).to.have.property('fulfill')
  },

  'Bandwidth and rate limits are exact': async arena => {
    const incomingAmount = '9007199254740993'
    const duel = await arena.start(between({ throughput: { incomingAmount } }, { rateLimit: { refillPeriod: 1000, refillCount: 1 } }))
    await duel.sendSame('alice', packet('test.bob', '9007199254740992'))
    const last = await askBoth(duel, 'alice', packet('test.bob', 1))
    expect(last.reference).to.include({ reject: 'T04' })
    expect(last.sluice).to.have.property('fulfill')

    // One packet in a second. Asking every tenth of it adds up to a little less than one in floating point.
    await duel.sendSame('bob', packet('test.alice', 0))
    for (let tenth = 1; tenth < 10; tenth++) {
      await arena.tick(100)
      expect(await duel.sendSame('bob', packet('test.alice', 0))).to.include({ reject: 'T05' })
    }
    await arena.tick(100)
    const next = await askBoth(duel, 'bob', packet('test.alice', 0))
    expect(next.reference).to.include({ reject: 'T05' })
    expect(next.sluice).to.have.property('fulfill')
  },

  'A duplicate costs nothing on the outgoing side': async arena => {
    const duel = await arena.start(between({}, { balance: { maximum: '0' }, throughput: { outgoingAmount: '100' } }))
    const twice = packet('test.bob', 60)
    await duel.sendSame('alice', twice)
    const again = await askBoth(duel, 'alice', twice)
    expect(again.reference).to.include({ reject: 'T04', message: 'exceeded money bandwidth, throttling.' })
    expect(again.sluice).to.have.property('fulfill')
    await arena.tick(1000)
    await duel.sendSame('alice', twice)
    expect(duel.sluice.plugin('bob').packets).to.have.length(1)
    expect(balances(duel, 'bob')).to.deep.equal(['-120', '-60'])
  },

  'Duplicates are detected for each next hop separately': async arena => {
    const twice = packet('test.somewhere', 60, { expiresIn: 5000 })
    const duel = await arena.start(between({}, {}, {
      accounts: { kid: { relation: 'child' } },
      middlewares: {
        mine: {
          type: modulePath('inserting-middleware.js'),
          options: {
            insert: [{ into: 'incomingData', where: 'last' }],
            act: async (_: unknown, __: unknown, { sendData }: { sendData: (packet: Buffer, id: string) => Promise<Buffer> }) => {
              await sendData(twice, 'alice')
              return await sendData(twice, 'bob')
            }
          }
        }
      }
    }))
    await duel.sendSame('kid', packet('test.somewhere', 60))
    expect([duel.reference, duel.sluice].map(side => [side.plugin('alice'), side.plugin('bob')].map(({ packets }) => packets.length)))
      .to.deep.equal([[1, 0], [1, 1]])
  },

  'A rejected packet may be tried again': async arena => {
    const duel = await arena.start(between(), () => rejectPacket({ code: 'T04' }))
    const twice = packet('test.bob', 60)
    await duel.sendSame('alice', twice)
    await duel.each(side => { side.plugin('bob').respond = packet => fulfil(packet) })
    const again = await askBoth(duel, 'alice', twice)
    expect(again.reference).to.include({ reject: 'T04' })
    expect(again.sluice).to.have.property('fulfill')
  },

  'Half a deduplicate setting leaves the other half at its default': async arena => {
    // Of its own: whoever restores all that sinon knows, later, would put the stopped clock's setInterval back.
    const sandbox = sinon.createSandbox()
    const intervals = sandbox.spy(globalThis, 'setInterval')
    const duel = await arena.start(between({ deduplicate: { packetLifetime: 5000 } }))
    await duel.sendSame('bob', packet('test.alice', 60)) // Sluice remembers packets from the first one on
    const asked = intervals.args.map(([, ms]) => ms)
    sandbox.restore()
    expect(asked).to.include(undefined).and.to.include(30_000)
  }
}
