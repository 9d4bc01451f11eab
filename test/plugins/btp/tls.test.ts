/** BTP over TLS, both ways: with a certificate that the client trusts, and not with any other. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { expect } from 'chai'
import { TestLog, SECRET, afterTest, closeAll, drive, fakeTimers, listening, makePlugin } from '../../support/btp.js'
import { rejectionError } from '../../support/failures.js'
import { TestSocksProxy } from '../../support/socks-proxy.js'

/** Makes the certificates; Node.js itself has no way to. */
const OPENSSL = process.env.OPENSSL ?? 'openssl'

describe('BTP over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'btp-tls-'))
  const keyPath = join(folder, 'key.pem')
  const certPath = join(folder, 'cert.pem')
  let key: string
  let cert: string

  before(() => {
    execFileSync(OPENSSL, [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
      '-addext', 'subjectAltName=IP:127.0.0.1,DNS:peer.onion', '-keyout', keyPath, '-out', certPath
    ], { stdio: 'ignore' })
    key = readFileSync(keyPath, 'utf8')
    cert = readFileSync(certPath, 'utf8')
  })
  after(() => { rmSync(folder, { recursive: true }) })
  afterEach(closeAll)

  const url = (port: number): string => `btp+wss://:${SECRET}@127.0.0.1:${port}`

  it('carries packets both ways, with PEM text and with paths', async () => {
    for (const [listener, ca] of [[{ key, cert }, cert], [{ key: keyPath, cert: certPath }, certPath]] as const) {
      const { plugin, port, connected } = await listening(listener)
      const client = makePlugin({ server: url(port), ca })
      await Promise.all([client.connect(), connected])
      for (const [sender, receiver] of [[plugin, client], [client, plugin]] as const) {
        receiver.registerDataHandler(data => Promise.resolve(data))
        const data = Buffer.alloc(30_000, 5)
        expect((await sender.sendData(data)).equals(data)).to.equal(true)
      }
    }
  })

  it('does not talk to a server whose certificate it has no reason to trust', async () => {
    const log = new TestLog()
    const { plugin, port } = await listening({ key, cert })
    const client = makePlugin({ server: url(port), reconnectInterval: 1 }, log)
    await rejectionError(client.connect({ timeout: 50 }))
    expect(log.lines.join('\n')).to.match(/self-signed certificate/)
    expect(plugin.isConnected()).to.equal(false)
  })

  it('is spoken through a SOCKS proxy with the peer itself, whose certificate names it', async () => {
    const { plugin, port } = await listening({ key, cert })
    const proxy = await TestSocksProxy.start({ 'peer.onion': port, 'other.onion': port })
    afterTest(() => proxy.stop())
    const through = (name: string): Record<string, unknown> => (
      { server: `btp+wss://:${SECRET}@${name}:443`, ca: cert, socksProxy: proxy.url, reconnectInterval: 1 })
    const log = new TestLog()
    const other = makePlugin(through('other.onion'), log)
    await rejectionError(other.connect({ timeout: 100 }))
    expect(log.lines.join('\n')).to.match(/does not match certificate's altnames/).and.not.include('other.onion')
    expect(plugin.isConnected()).to.equal(false)
    await makePlugin(through('peer.onion')).connect()
    expect(plugin.isConnected()).to.equal(true)
  })

  it('does not send its token in the clear to a server that expects TLS, nor let in who comes without', async () => {
    const { plugin, port } = await listening({ key, cert })
    const client = makePlugin({ server: `btp+ws://:${SECRET}@127.0.0.1:${port}`, reconnectInterval: 1 })
    await rejectionError(client.connect({ timeout: 50 }))
    expect(plugin.isConnected()).to.equal(false)
  })

  it('names the option whose file cannot be read, and can be connected once it can', async () => {
    const missing = makePlugin({ listener: { port: 0, secret: SECRET, key: join(folder, 'none.pem'), cert } })
    expect((await rejectionError(missing.connect())).message).to.include('cannot read the file in "listener.key"')
    const client = makePlugin({ server: url(1), ca: join(folder, 'none.pem') })
    expect((await rejectionError(client.connect())).message).to.include('cannot read the file in "ca"')
  })

  it('refuses a key that is none, without showing it', async () => {
    const broken = key.replace(/[A-Z]/g, 'x')
    const plugin = makePlugin({ listener: { port: 0, secret: SECRET, key: `-----BEGIN ${broken}`, cert } })
    expect((await rejectionError(plugin.connect())).message).to.not.include(broken.slice(60, 100))
  })

  it('shares a port only between accounts with the same certificate', async () => {
    const { port } = await listening({ key, cert, username: 'alice' })
    const plain = makePlugin({ listener: { port, secret: SECRET, username: 'bob' } })
    expect((await rejectionError(plain.connect())).message).to.include('need the same key, cert and maxPayload')
    const same = makePlugin({ listener: { port, secret: SECRET, username: 'bob', key, cert } })
    const client = makePlugin({ server: `btp+wss://bob:${SECRET}@127.0.0.1:${port}`, ca: cert })
    await Promise.all([same.connect(), client.connect()])
  })

  it('drops who never ends the TLS handshake, or ends it and says nothing', async () => {
    const clock = fakeTimers()
    const { port, plugin } = await listening({ key, cert })
    const client = makePlugin({ server: url(port), ca: cert })
    await client.connect()
    const raw = connect(port, '127.0.0.1')
    const secure = connectTls({ port, host: '127.0.0.1', ca: cert })
    let open = 2
    for (const socket of [raw, secure]) socket.on('error', () => undefined).on('close', () => { open-- })
    await Promise.all([once(raw, 'connect'), once(secure, 'secureConnect')])
    await drive(clock, () => open === 0, 50)
    expect(plugin.isConnected() && client.isConnected(), 'but not who is let in').to.equal(true)
  })
})
