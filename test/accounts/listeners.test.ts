/** Accounts that could never all listen are refused at once, each time, and what one of them had is free when it has gone. */
import { expect } from 'chai'
import { createApp } from '../../src/index.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import { freePort } from '../../examples/free-port.js'
import { rejection } from '../support/failures.js'
import { withoutLog } from '../support/log.js'

interface Listener { port: number, username?: string, host?: string }

const listening = (listener: Listener): AccountInfo =>
  ({ relation: 'child', plugin: 'btp', assetCode: 'USD', assetScale: 9, options: { listener: { secret: 's', ...listener } } })

describe('two accounts that listen', () => {
  withoutLog()
  let port: number
  before(async () => { port = await freePort() })

  const app = (...listeners: Listener[]): ReturnType<typeof createApp> => createApp({
    ilpAddress: 'test.us', backend: 'one-to-one', store: 'memdown', accounts: Object.fromEntries(listeners.map((listener, i) => [`a${i}`, listening(listener)]))
  })

  const never: Array<[why: string, first: object, second: object]> = [
    ['both without a name', {}, {}],
    ['the second without a name', { username: 'x' }, {}],
    ['the first without a name', {}, { username: 'y' }],
    ['with one name', { username: 'x' }, { username: 'x' }],
    ['on an address and on all of them', { username: 'x', host: '0.0.0.0' }, { username: 'y' }],
    ['on all addresses of two kinds', { username: 'x', host: '0.0.0.0' }, { username: 'y', host: '::' }]
  ]
  for (const [why, first, second] of never) {
    it(`on one port, ${why}, are refused before anything is opened`, () => {
      expect(() => app({ port, ...first }, { port, ...second })).to.throw(/^accounts a0 and a1 can never both listen: .*\d/).with.property('code', 'SLUICE_CONFIG_INVALID')
    })
  }

  it('on one port with a name each, on two ports, or on any free port, are not', () => {
    for (const [first, second] of [[{ port, username: 'x' }, { port, username: 'y' }], [{ port }, { port: port + 1 }], [{ port: 0 }, { port: 0 }]] as const) {
      expect(() => app(first, second)).to.not.throw()
    }
  })

  it('are refused while the connector runs, too, and the place of one that was removed is free', async () => {
    const running = app({ port, username: 'x' })
    await running.listen()
    expect(String(await rejection(running.addPlugin('b', listening({ port, username: 'x' }))))).to.include('accounts a0 and b can never both listen')
    await running.removePlugin('a0')
    await running.addPlugin('b', listening({ port, username: 'x' }))
    await running.shutdown()
  })
})
