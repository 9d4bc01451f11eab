/** The section `transport`: what it means, and that nothing in doubt is taken for permission to connect directly. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConfigLoader, ConfigurationError, type ConnectorConfig } from '../../../src/index.js'
import type { NodeConfig, TransportConfig } from '../../../src/contracts/node.js'
import { NodeRates } from '../../../src/node/rates.js'
import { apiFor } from '../../support/backends.js'
import { World } from '../../support/node.js'
import { blocksOf } from '../../support/papers.js'

const SOCKS = { type: 'socks5', socksProxy: 'socks5h://127.0.0.1:9050' } as const
const SERVICE = 'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx'
const PEER = { id: 'b', url: 'ws://b:3000', authToken: 's' }

function read (transport: unknown, more: Partial<ConnectorConfig> = {}): { config: NodeConfig, warnings: string[] } {
  return ConfigLoader.read({ nodeId: 'a', btpServerPort: 3000, peers: [], ...more, transport: transport as TransportConfig }, {})
}

function refusal (transport: unknown, more: Partial<ConnectorConfig> = {}): string {
  try {
    read(transport, more)
    return 'no error'
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.message
  }
}

describe('the section transport', () => {
  it('is direct unless something else is said, and ignores the rest then, but says so', () => {
    for (const transport of [undefined, {}, { type: 'direct' }]) {
      const { config, warnings } = read(transport)
      expect([config.transport, config.btpServerHost, warnings]).to.deep.equal([{ type: 'direct' }, '0.0.0.0', []])
    }
    const { config, warnings } = read({ ...SOCKS, type: 'direct', externalUrl: 'auto' })
    expect(config.transport).to.deep.equal({ type: 'direct' })
    expect(warnings.join()).to.include('transport.socksProxy, transport.externalUrl is ignored')
  })

  it('is that of price services, too, unless they are to be asked directly', async () => {
    const world = new World()
    const backend = join(await world.directory(), 'backend.cjs')
    await writeFile(backend, 'module.exports = class { constructor (options, { socksProxy }) { Object.assign(this, { socksProxy }) } connect () {} getRate () {} }')
    const proxyFor = (transport: unknown, more: object = {}): unknown => {
      const { config } = read(transport, { rates: { backend, ...more } })
      return (new NodeRates(config).otherwise?.(apiFor({})) as { socksProxy?: string } | undefined)?.socksProxy
    }
    expect(proxyFor(SOCKS)).to.match(/^socks5h:\/\/[0-9a-f]{32}:[0-9a-f]{32}@127\.0\.0\.1:9050$/)
    expect([proxyFor(SOCKS, { transport: 'direct' }), proxyFor({})]).to.deep.equal([undefined, undefined])
    expect(refusal({}, { rates: { transport: 'socks5' } })).to.include('rates.transport: is socks5, which requires')
    await world.end()
  })

  it('names a proxy that somebody else runs', () => {
    const expected = { type: 'socks5', proxy: SOCKS.socksProxy, externalUrl: 'ws://placeholder', managed: undefined }
    expect(read({ ...SOCKS, externalUrl: 'ws://placeholder' }).config.transport).to.deep.equal(expected)
    expect(read({ type: 'socks5', socksUrl: SOCKS.socksProxy, externalUrl: 'ws://placeholder' }).config.transport).to.deep.equal(expected)
    expect(read({ ...SOCKS, hiddenService: { enabled: true, hostname: 'mine.anon' } }).config.transport).to.include({ externalUrl: 'ws://mine.anon:3000' })
  })

  it('describes a proxy that the node runs, and keeps the BTP port to this machine when peers come through it', () => {
    const { config, warnings } = read({ ...SOCKS, managed: true, hiddenService: { enabled: true, hostname: `${SERVICE}.anon`, virtualPort: 4000 } })
    expect([config.btpServerHost, warnings]).to.deep.equal(['127.0.0.1', []])
    expect(config.transport).to.have.property('managed').that.deep.equals({
      binaryPath: undefined,
      configFilePath: undefined,
      startupTimeoutMs: 60_000,
      stopTimeoutMs: 10_000,
      hiddenService: { directory: './data/hidden-service', port: 4000, serviceId: SERVICE }
    })
    const other = read({ ...SOCKS, managed: true, externalUrl: 'auto', managedOptions: { hiddenServiceDir: '/srv/hs', hiddenServicePort: 80 } }).config.transport
    expect(other).to.have.nested.property('managed.hiddenService').that.deep.equals({ directory: '/srv/hs', port: 80, serviceId: undefined })
    expect(read({ ...SOCKS, managed: true }).config.transport).to.have.nested.property('managed.hiddenService', undefined)
  })

  it('says when the port is open beside the overlay, and when a hostname is only a placeholder', () => {
    expect(read(SOCKS).warnings.join()).to.include('also listens on 0.0.0.0')
    expect(read(SOCKS, { btpServerHost: '127.0.0.1' }).warnings).to.deep.equal([])
    const placeholder = { ...SOCKS, managed: true, hiddenService: { enabled: true, hostname: 'your-address.anon' } }
    expect(read(placeholder).warnings.join()).to.include('taken for a placeholder')
  })

  const faults: Array<[what: string, transport: unknown, ...texts: string[]]> = [
    ['another type', { type: 'tor' }, 'Invalid transport.type: must be one of direct, socks5, got "tor"'],
    ['no type beside a proxy', { socksProxy: SOCKS.socksProxy }, 'transport.type: is missing'],
    ['no proxy', { type: 'socks5' }, 'Missing required field: transport.socksProxy is required when transport.type is "socks5"'],
    ['a scheme that asks a resolver here', { type: 'socks5', socksProxy: 'socks5://user:hunter2@127.0.0.1:9050' },
      'transport.socksProxy must use the "socks5h://" scheme to prevent DNS leaks', 'Got: "socks5://<redacted>@127.0.0.1:9050"'],
    ['a scheme in capitals', { type: 'socks5', socksUrl: 'SOCKS5H://127.0.0.1:9050' }, 'transport.socksUrl must use the "socks5h://" scheme'],
    ['two proxies', { ...SOCKS, socksUrl: 'socks5h://127.0.0.1:9051' }, 'transport.socksUrl: is another name for transport.socksProxy'],
    ['a proxy elsewhere that it is to start', { type: 'socks5', socksProxy: 'socks5h://10.0.0.1:9050', managed: true }, 'is not on this machine'],
    ['credentials for a proxy that it is to start', { type: 'socks5', socksProxy: 'socks5h://a:hunter2@127.0.0.1:9050', managed: true }, 'one circuit'],
    ['a URL that is none', { ...SOCKS, externalUrl: `http://${SERVICE}.onion` }, 'transport.externalUrl: must be auto, or a URL', 'http://<redacted>'],
    ['a URL with credentials', { ...SOCKS, externalUrl: 'ws://a:hunter2@b:1' }, 'without credentials'],
    ['auto without a hidden service', { ...SOCKS, managed: true, externalUrl: 'auto' }, 'transport.externalUrl: is auto, which needs'],
    ['auto with a proxy of somebody else', { ...SOCKS, externalUrl: 'auto' }, 'transport.externalUrl: is auto, which needs'],
    ['options of a proxy that it does not start', { ...SOCKS, managedOptions: {} }, 'transport.managedOptions: is for a proxy that the node starts itself'],
    ['a hidden service without a name, of somebody else', { ...SOCKS, hiddenService: { enabled: true } }, 'transport.hiddenService: is enabled'],
    ['a way up', { ...SOCKS, managed: true, managedOptions: { hiddenServiceDir: '/srv/../etc' } }, 'transport.managedOptions.hiddenServiceDir: has a segment ".."'],
    ['a program on a way up', { ...SOCKS, managed: true, managedOptions: { binaryPath: '../tor' } }, 'transport.managedOptions.binaryPath: has a segment ".."'],
    ['no time', { ...SOCKS, managed: true, managedOptions: { stopTimeoutMs: 0 } }, 'transport.managedOptions.stopTimeoutMs: found 0'],
    ['an unknown key', { ...SOCKS, managde: true }, 'transport.managde: is not a known key, did you mean managed'],
    ['a proxy that is no text', { type: 'socks5', socksProxy: ['hunter2'] }, 'transport.socksProxy: found an array']
  ]
  for (const [what, transport, ...texts] of faults) {
    it(`is refused with ${what}`, () => {
      const message = refusal(transport)
      for (const text of texts) expect(message).to.include(text)
      expect(message).to.not.include('hunter2').and.not.include(SERVICE)
    })
  }

  it('has no URL of this machine in production', () => {
    for (const externalUrl of ['ws://localhost:3000', 'ws://127.0.0.1:3000', 'ws://[::1]:3000']) {
      expect(refusal({ ...SOCKS, externalUrl }, { environment: 'production' })).to.include('transport.externalUrl: is an address of this machine alone')
      expect(refusal({ ...SOCKS, externalUrl })).to.equal('no error')
    }
  })

  it('rules what a peer may be: no exception to it without it, and no hidden service without a proxy', () => {
    expect(refusal(undefined, { peers: [{ ...PEER, transport: 'socks5' }] }))
      .to.include("peers[0].transport: peer 'b': transport: 'socks5' requires connector-level transport.type 'socks5'")
    expect(refusal(SOCKS, { peers: [{ ...PEER, transport: 'direct' }] })).to.equal('no error')
    for (const [transport, hidden] of [[undefined, {}], [SOCKS, { transport: 'direct' as const }]] as const) {
      expect(refusal(transport, { peers: [{ ...PEER, url: `ws://${SERVICE}.onion:3000`, ...hidden }] }))
        .to.include('is that of a hidden service, which is reached only through a proxy').and.not.include(SERVICE)
    }
  })

  it('is right as docs/transport.md shows it', async () => {
    const world = new World()
    const blocks = blocksOf('docs/transport.md').filter(({ language }) => language === 'yaml')
    expect(blocks).to.have.length(2)
    for (const { text } of blocks) {
      const base = ['nodeId: agent', 'btpServerPort: 3000'].filter(line => !text.includes(line))
      const file = join(await world.directory(), 'config.yaml')
      await writeFile(file, [...base, text.replace("<the peer's name>", SERVICE)].join('\n'))
      expect(ConfigLoader.read(file, { SHOP_SECRET: 'hunter2' }).warnings).to.deep.equal([])
    }
    await world.end()
  })

  it('keeps the names of hidden services out of what is said of peers', () => {
    expect(refusal(SOCKS, { peers: [{ ...PEER, url: `ws://${SERVICE}.anyone` }] })).to.include('Invalid WebSocket URL').and.not.include(SERVICE)
  })
})
