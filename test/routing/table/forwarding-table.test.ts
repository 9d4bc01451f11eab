/** The table that peers are told, and its log. */
import { expect } from 'chai'
import fc from 'fast-check'
import { ForwardingTable } from '../../../src/routing/table/forwarding-table.js'
import type { Route } from '../../../src/routing/table/route.js'

const route = (path: string): Route => ({ nextHop: 'peer', path: [path], auth: Buffer.alloc(32) })

describe('the forwarding table', () => {
  it('gives each change the next epoch and keeps the last change of each prefix', () => {
    const table = new ForwardingTable('id')
    table.set('test.a', route('x'))
    table.set('test.b', route('x'))
    table.set('test.a', route('y'))
    table.set('test.b', undefined)
    expect(table.currentEpoch).to.equal(4)
    expect(table.entries().map(({ prefix, epoch }) => [prefix, epoch])).to.deep.equal([['test.a', 2], ['test.b', 3]])
  })

  it('takes no epoch for what changes nothing', () => {
    const table = new ForwardingTable('id')
    expect(table.set('test.a', undefined)).to.equal(undefined)
    table.set('test.a', route('x'))
    expect(table.set('test.a', route('x'))).to.equal(undefined)
    expect(table.currentEpoch).to.equal(1)
  })

  it('forgets withdrawals that everybody has confirmed, and says up to which epoch', () => {
    const table = new ForwardingTable('id')
    table.set('test.a', route('x'))
    table.set('test.a', undefined)
    table.forget(1)
    expect(table.entries()).to.have.length(1)
    expect(table.forgottenEpoch).to.equal(-1)
    table.forget(2)
    expect(table.entries()).to.have.length(0)
    expect(table.forgottenEpoch).to.equal(1)
  })

  it('needs memory for what is alive, however often routes come and go', () => {
    const table = new ForwardingTable('id')
    for (let i = 0; i < 100_000; i++) {
      table.set(`test.c${i % 10}`, i % 3 === 0 ? undefined : route(String(i)))
      table.forget(table.currentEpoch)
    }
    expect(table.logLength).to.be.lessThan(100)
  })

  it('bounds the withdrawals that nobody confirms', function () {
    this.timeout(60_000)
    const table = new ForwardingTable('id')
    for (let i = 0; i < 120_000; i++) {
      table.set(`test.c${i}`, route('x'))
      table.set(`test.c${i}`, undefined)
      table.forget(0)
    }
    expect(table.entries()).to.have.length(100_000)
    expect(table.forgottenEpoch).to.equal(39_999)
  })

  it('lists what is alive from any epoch on, like a simple map would', () => {
    const step = fc.record({ prefix: fc.constantFrom('test.a', 'test.a.b', 'test.c', 'test.d'), path: fc.option(fc.constantFrom('x', 'y')), forget: fc.boolean() })
    fc.assert(fc.property(fc.array(step, { maxLength: 200 }), fc.nat(200), fc.integer({ min: 1, max: 5 }), (steps, from, limit) => {
      const table = new ForwardingTable('id')
      const model = new Map<string, { path: string | null, epoch: number }>()
      let epoch = 0
      for (const { prefix, path, forget } of steps) {
        table.set(prefix, path === null ? undefined : route(path))
        if ((model.get(prefix)?.path ?? null) !== path) model.set(prefix, { path, epoch: epoch++ })
        if (!forget) continue
        table.forget(table.currentEpoch)
        for (const [key, { path }] of model) if (path === null) model.delete(key)
      }
      const expected = [...model].filter(([, entry]) => entry.epoch >= from).sort(([, a], [, b]) => a.epoch - b.epoch)
        .map(([prefix, { path, epoch }]) => [prefix, path, epoch])
      expect(table.since(from, Infinity).map(entry => [entry.prefix, entry.route?.path[0] ?? null, entry.epoch])).to.deep.equal(expected)
      expect(table.since(from, limit)).to.have.length(Math.min(limit, expected.length))
      expect(table.currentEpoch).to.equal(epoch)
    }))
  })
})
