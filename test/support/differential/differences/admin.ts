/** Differences in the admin API. */
import { expect } from 'chai'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { freePort } from '../../../../examples/free-port.js'
import { administered, send } from '../admin-client.js'
import { between, modulePath, uncaught } from '../harness.js'
import type { Differences } from './difference.js'
import { quiet } from '../../waiting.js'

export const admin: Differences = {
  'A balance update is checked': async arena => {
    const { duel, ask } = await administered(arena, between({ balance: { maximum: '100' } }))
    const answers = await ask({ method: 'POST', path: '/balance', body: { accountId: 'alice', amountDiff: 'abc' } })
    expect(answers.reference).to.equal('204')
    expect(duel.reference.balances()).to.deep.equal({ alice: 'NaN' })
    expect(answers.sluice).to.match(/^400 InvalidJsonBodyError: invalid balance update/)
    expect(duel.sluice.balances()).to.deep.equal({ alice: '0' })
  },

  'Statuses say whose mistake it was': async arena => {
    const { ask } = await administered(arena, between({ balance: { maximum: '100' } }))
    for (const [question, status] of [
      [{ method: 'POST', path: '/balance', body: { accountId: 'nobody', amountDiff: '1' } }, 404],
      [{ method: 'POST', path: '/balance', body: { accountId: 'alice', amountDiff: '101' } }, 409],
      [{ method: 'POST', path: '/balance', body: '{' }, 400],
      [{ path: '/accounts/nobody' }, 404],
      [{ path: '/accounts/a%20b' }, 400],
      [{ path: '/accounts/alice' }, 404],
      [{ method: 'DELETE', path: '/alerts/first' }, 400],
      [{ method: 'POST', path: '/addAccount' }, 400],
      [{ method: 'POST', path: '/addAccount', body: { id: 'carl', options: {} } }, 400]
    ] as const) {
      const answers = await ask(question)
      expect(answers.reference.slice(0, 3), question.path).to.equal('500')
      expect(answers.sluice.slice(0, 3), question.path).to.equal(String(status))
    }
  },

  'An existing account cannot be added again': async arena => {
    const { ask } = await administered(arena, side => ({ ...between(), ...side === 'sluice' && { adminApiAllowPaths: true } }))
    const options = { relation: 'peer', plugin: modulePath('named-plugin.cjs'), assetCode: 'USD', assetScale: 9 }
    const answers = await ask({ method: 'POST', path: '/addAccount', body: { id: 'alice', options } })
    expect(answers.reference).to.equal('200 {"plugin":"alice","connected":true}')
    expect(answers.sluice).to.match(/^409 /)
  },

  'An account that is added over HTTP names no files': async arena => {
    const { ask } = await administered(arena, between())
    const options = { relation: 'peer', plugin: modulePath('named-plugin.cjs'), assetCode: 'USD', assetScale: 9 }
    const answers = await ask({ method: 'POST', path: '/addAccount', body: { id: 'carl', options } })
    expect(answers.reference).to.equal('200 {"plugin":"carl","connected":true}')
    expect(answers.sluice).to.match(/^400 Error: plugin: found .*CONNECTOR_ADMIN_API_ALLOW_PATHS/)
  },

  'Requests from foreign web pages are refused': async arena => {
    const { ask } = await administered(arena, between())
    for (const headers of [{ Origin: 'https://evil.example' }, { Origin: 'http://localhost:3000' }, { Host: 'rebound.example' }]) {
      const answers = await ask({ path: '/balance', headers })
      expect(answers.reference.slice(0, 3)).to.equal('200')
      expect(answers.sluice.slice(0, 3)).to.equal('403')
    }
  },

  'A body must say that it is JSON': async arena => {
    const { duel, ask } = await administered(arena, between({ balance: { maximum: '100' } }))
    const body = { accountId: 'alice', amountDiff: '5' }
    const answers = await ask({ method: 'POST', path: '/balance', body, headers: { 'content-type': 'text/plain' } })
    expect(answers.reference).to.equal('204')
    expect(answers.sluice).to.match(/^415 Error: a request body needs the header Content-Type: application\/json/)
    expect([duel.reference.balances(), duel.sluice.balances()]).to.deep.equal([{ alice: '5' }, { alice: '0' }])
  },

  'Without a key it listens on this machine only': async arena => {
    const adminApiPort = await freePort()
    const open = between({}, {}, { adminApi: true, adminApiHost: '0.0.0.0', adminApiPort })
    expect(() => arena.prepareOne('sluice', open)).to.throw('refuses to listen on "0.0.0.0" without a key')
    const one = arena.prepareOne('reference', open)
    await one.app.listen()
    expect(await send(adminApiPort, { path: '/balance' })).to.match(/^200 /)
    await one.stop()
  },

  'The contents of a plugin are not shown': async arena => {
    const { duel, ask } = await administered(arena, between())
    await duel.each(side => { Object.assign(side.plugin('alice'), { secret: 'hunter2' }) })
    const answers = await ask({ path: '/accounts' })
    expect(answers.reference).to.contain('hunter2')
    expect(answers.sluice).to.contain('"plugin":"MirrorPlugin"')
    expect(answers.sluice).to.not.contain('hunter2')
  },

  'Paths must match completely': async arena => {
    const { ask } = await administered(arena, between())
    const answers = await ask({ path: '/status$and-more' })
    expect(answers.reference.slice(0, 3)).to.equal('200')
    expect(answers.sluice).to.match(/^404 Not Found\. This is the admin API of a connector/)
  },

  'Pairs without a rate are left out': async arena => {
    const { ask } = await administered(arena, between({}, {}, {
      backend: modulePath('scripted-backend.js'),
      backendConfig: { getRate: (source: string) => source === 'alice' ? Promise.resolve(2) : Promise.reject(new Error('no rate')) }
    }))
    const answers = await ask({ path: '/rates' })
    expect(answers.reference).to.equal('500 Error: no rate')
    expect(answers.sluice).to.equal('200 {"alice":{"bob":2},"bob":{}}')
  },

  'A port that is in use fails the start': async arena => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const duel = arena.prepare(between({}, {}, { adminApi: true, adminApiPort: (taken.address() as AddressInfo).port }))
    const crashes = await uncaught('uncaughtException', async () => {
      const results = await duel.each(side => side.app.listen())
      expect(results.reference).to.equal(undefined)
      expect(results.sluice).to.have.property('thrown').that.contains('EADDRINUSE')
      await quiet()
    })
    taken.close()
    expect(crashes).to.have.length(1).and.have.property('0').that.contains('EADDRINUSE')
  },

  'The admin API describes itself': async arena => {
    const { ask } = await administered(arena, between())
    for (const path of ['/openapi.json', '/docs']) {
      const answers = await ask({ path })
      expect(answers.reference.slice(0, 3)).to.equal('404')
      expect(answers.sluice.slice(0, 3)).to.equal('200')
    }
  },

  'The admin API stops with the connector': async arena => {
    const { duel, ask } = await administered(arena, between())
    await duel.each(side => side.app.shutdown())
    const answers = await ask({ path: '/balance' })
    expect(answers.reference.slice(0, 3)).to.equal('200')
    expect(answers.sluice).to.equal('no answer')
  }
}
