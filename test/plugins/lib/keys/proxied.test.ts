// A vault of a chain that is reached through a SOCKS proxy is reached through it alone, or not at all: by its name, which only the proxy
// resolves. Real clients of AWS and Azure, a real SOCKS5 proxy, and stand-ins of the vaults.
import dns from 'node:dns'
import { Socket } from 'node:net'
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import sinon from 'sinon'
import { vaultKeyIn, type VaultKey } from '../../../../plugins/lib/keys/key-id.js'
import { openVaultKey } from '../../../../plugins/lib/keys/open.js'
import { VaultError, type VaultSettings } from '../../../../plugins/lib/keys/vault.js'
import type { Signer } from '../../../../src/contracts/signer.js'
import { afterTest, closeAll } from '../../../support/btp.js'
import { memoryLog } from '../../../support/evm/life.js'
import { rejectionError } from '../../../support/failures.js'
import { AwsStandIn } from '../../../support/keys/aws.js'
import { AzureStandIn } from '../../../support/keys/azure.js'
import { TestSocksProxy } from '../../../support/socks-proxy.js'

const NAME = 'vault-of-the-test.example'

describe('a vault behind a SOCKS proxy', function () {
  this.timeout(30_000)
  let lookups: sinon.SinonSpy
  let connects: sinon.SinonSpy
  beforeEach(() => {
    lookups = sinon.spy(dns, 'lookup')
    connects = sinon.spy(Socket.prototype, 'connect')
  })
  afterEach(closeAll)
  afterEach(() => { sinon.restore() })

  async function proxyFor (name: string, port: number): Promise<TestSocksProxy> {
    const proxy = await TestSocksProxy.start({ [name]: port })
    afterTest(() => proxy.stop())
    return proxy
  }

  function open (keyId: string, settings: VaultSettings, socksProxy: string | undefined): Promise<Signer> {
    return openVaultKey({ key: vaultKeyIn(keyId) as VaultKey, settings, socksProxy, curves: ['secp256k1'], log: memoryLog() })
  }

  /** Names that the process has looked up. */
  const lookedUp = (): string[] => lookups.args.map(([name]) => String(name)).filter(name => !/^[\d.:]+$/.test(name))

  async function aws (): Promise<{ vault: AwsStandIn, settings: VaultSettings, proxy: TestSocksProxy }> {
    const vault = await new AwsStandIn('secp256k1').start()
    afterTest(() => { vault.server.stop() })
    const { port } = new URL(vault.settings.endpoint)
    return { vault, settings: { ...vault.settings, endpoint: `http://${NAME}:${port}` }, proxy: await proxyFor(NAME, Number(port)) }
  }

  it('of AWS is reached through it alone', async () => {
    const { vault, settings, proxy } = await aws()
    const signer = await open(vault.keyId, settings, proxy.url)
    expect(await signer.sign(randomBytes(32))).to.have.lengthOf(65)
    expect(new Set(proxy.asked.map(({ host }) => host))).to.deep.equal(new Set([NAME]))
    expect(lookedUp()).to.deep.equal([])
  })

  it('of Azure is reached through it alone, and so is the directory that gives out tokens', async () => {
    const vault = await new AzureStandIn().start()
    afterTest(() => { vault.stop() })
    const { port, hostname } = new URL(vault.keyId.slice('azure-kv:'.length))
    const proxy = await proxyFor(hostname, Number(port))
    const signer = await open(vault.keyId, vault.settings, proxy.url)
    expect(await signer.sign(randomBytes(32))).to.have.lengthOf(65)
    expect(proxy.asked).not.to.have.lengthOf(0)
    expect(lookedUp()).to.deep.equal([])
  })

  for (const [name, make] of [['AWS', () => new AwsStandIn('secp256k1')], ['Azure', () => new AzureStandIn()]] as const) {
    it(`of ${name} is not reached at all where the proxy is away`, async () => {
      const vault = await make().start()
      afterTest(() => {
        if (vault instanceof AzureStandIn) vault.stop()
        else vault.server.stop()
      })
      const proxy = await TestSocksProxy.start({})
      const { url } = proxy
      await proxy.stop()
      expect(await rejectionError(open(vault.keyId, vault.settings, url))).to.be.instanceOf(VaultError)
      const ports = connects.args.map(([first]) => (Array.isArray(first) ? first[0] : first) as { port?: unknown })
      expect(new Set(ports.map(({ port }) => Number(port)))).to.deep.equal(new Set([Number(new URL(url).port)]))
    })
  }

  it('is refused where its client would go past the proxy: of Google, and of AWS and Azure without credentials that are given', async () => {
    const proxy = await proxyFor(NAME, 1)
    const keys = [
      'gcp-kms:projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1',
      'aws-kms:arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      `azure-kv:https://${NAME}/keys/node`
    ]
    for (const keyId of keys) {
      expect((await rejectionError(open(keyId, {}, proxy.url))).message, keyId).to.contain('set vault.transport to direct')
    }
    expect([proxy.asked, connects.args, lookedUp()]).to.deep.equal([[], [], []])
  })

  it('is reached directly where the settings say so', async () => {
    const { vault, proxy } = await aws()
    const signer = await open(vault.keyId, { ...vault.settings, transport: 'direct' }, proxy.url)
    expect(await signer.sign(randomBytes(32))).to.have.lengthOf(65)
    expect(proxy.asked).to.deep.equal([])
  })
})
