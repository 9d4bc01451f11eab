/** What cannot work is refused when the plugin is made, in words that repeat no secret. */
import { inspect } from 'node:util'
import { expect } from 'chai'
import PluginBtp from '../../../plugins/btp/index.js'
import { SECRET, closeAll, listening } from '../../support/btp.js'

describe('BTP options', () => {
  afterEach(closeAll)

  it('belong to an LPI v2 plugin', () => {
    expect(PluginBtp.version).to.equal(2)
  })

  const refused: Array<[string, Record<string, unknown>, string]> = [
    ['neither role', {}, 'needs "server"'],
    ['a URL that is not BTP', { server: `ws://u:${SECRET}@h` }, 'must start with "btp+"'],
    ['a URL that is none', { server: `btp+ws://u:${SECRET}@` }, '"server" is not a URL of the form'],
    ['another protocol', { server: `btp+http://u:${SECRET}@h` }, '"server" is not a URL of the form'],
    ['two tokens', { server: `btp+ws://u:${SECRET}@h`, btpToken: SECRET }, 'account/token must be passed in via constructor or uri, but not both'],
    ['no secret', { listener: { port: 0 } }, '"listener.secret" is missing or empty'],
    ['an empty secret', { listener: { port: 0, secret: '' } }, '"listener.secret" is missing or empty'],
    ['a secret and none', { listener: { port: 0, secret: SECRET, noAuth: true } }, 'exclude each other'],
    ['no port', { listener: { secret: SECRET } }, '"listener.port" is missing'],
    ['an impossible port', { listener: { port: 70_000, secret: SECRET } }, 'listener.port'],
    ['a misspelt listener option', { listener: { port: 0, secret: SECRET, hots: '::' } }, 'hots'],
    ['half a certificate', { listener: { port: 0, secret: SECRET, key: 'k' } }, 'both "listener.key" and "listener.cert"'],
    ['something else to call for `ws`', { listener: { port: 0, secret: SECRET, wsOpts: { verifyClient: 'x' } } }, 'listener.wsOpts'],
    ['a timeout that is no number', { server: 'btp+ws://h', responseTimeout: '5' }, 'responseTimeout']
  ]
  for (const [what, options, message] of refused) {
    it(`are refused with ${what}, without repeating a secret`, () => {
      expect(() => new PluginBtp(options)).to.throw(Error, message).and.satisfies((err: Error) => !inspect(err).includes(SECRET))
    })
  }

  it('of connectors are taken as they come: services in the options, a port as text', async () => {
    const { plugin } = await listening({ port: '0' }, { _store: {}, _log: {}, unknown: 1 })
    expect(await plugin.getAdminInfo()).to.deep.include({ connected: false, pendingRequests: 0, unreadableFrames: 0 })
  })
})
