/** What a proxy may be called, and what of hidden services gets into a text. */
import { expect } from 'chai'
import fc from 'fast-check'
import { isOverlayHost, parseSocksProxy, socksProxyFault, withoutOverlayNames } from '../../src/lib/socks-proxy.js'

const V3 = 'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx'

describe('the address of a SOCKS proxy', () => {
  it('has a scheme that leaves names to the proxy, a host and a port', () => {
    expect(parseSocksProxy('socks5h://127.0.0.1:9050')).to.deep.equal({ host: '127.0.0.1', port: 9050, user: undefined, password: undefined })
    expect(parseSocksProxy('socks5h://[::1]:9050/')).to.include({ host: '::1' })
    expect(parseSocksProxy('socks5h://my%40self:pass%3Aword@anon-sidecar:9050')).to.include({ user: 'my@self', password: 'pass:word', host: 'anon-sidecar' })
  })

  for (const [text, reason] of [
    ['socks5://127.0.0.1:9050', 'DNS leaks'],
    ['SOCKS5H://127.0.0.1:9050', 'DNS leaks'],
    [' socks5h://127.0.0.1:9050', 'DNS leaks'],
    ['http://127.0.0.1:9050', 'DNS leaks'],
    ['socks5h://127.0.0.1', 'socks5h://host:port'],
    ['socks5h://127.0.0.1:0', 'socks5h://host:port'],
    ['socks5h://127.0.0.1:99999', 'socks5h://host:port'],
    ['socks5h://127.0.0.1:9050/path', 'nothing else'],
    ['socks5h://127.0.0.1:9050?x', 'nothing else'],
    ['socks5h://:9050', 'socks5h://host:port'],
    ['socks5h://hunter2@127.0.0.1:9050', 'a user without a password'],
    ['socks5h://:hunter2@127.0.0.1:9050', 'a password without a user'],
    [`socks5h://${'u'.repeat(256)}:hunter2@127.0.0.1:9050`, '255 bytes']
  ] as const) {
    it(`is not ${text.slice(0, 60)}`, () => {
      expect(socksProxyFault(text)).to.include(reason).and.not.include('hunter2')
      expect(() => parseSocksProxy(text)).to.throw(TypeError).with.property('message').that.does.not.include('hunter2')
    })
  }
})

describe('the name of a hidden service', () => {
  it('is told from other names', () => {
    for (const name of [`${V3}.onion`, 'x.anon', 'X.ANYONE', 'sub.x.onion', `${V3}.onion.`]) expect(isOverlayHost(name), name).to.equal(true)
    for (const name of ['onion', 'onion.example', 'x.onions', 'canon', '127.0.0.1']) expect(isOverlayHost(name), name).to.equal(false)
  })

  it('does not stay in a text, nor do the credentials of a proxy', () => {
    for (const name of [`${V3}.onion`, `${V3}.anyone`, 'my-node.anon', `sub.${V3.toUpperCase()}.ONION`]) {
      const text = withoutOverlayNames(`cannot reach ws://${name}:3000/path (${name}), "${name}" over socks5h://user:hunter2@127.0.0.1:9050.`)
      expect(text).to.equal('cannot reach ws://<redacted>:3000/path (<redacted>), "<redacted>" over socks5h://<redacted>@127.0.0.1:9050.')
    }
    expect(withoutOverlayNames('anyone may connect to onion.example')).to.equal('anyone may connect to onion.example')
  })

  it('is found wherever it stands', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (before, after) => {
      expect(withoutOverlayNames(`${before}|${V3}.onion|${after}`)).to.not.include(V3)
    }))
  })

  it('is looked for in one pass, also in a long text without any', () => {
    expect(withoutOverlayNames('a.'.repeat(500_000))).to.have.lengthOf(1_000_000)
  })
})
