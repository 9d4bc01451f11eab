/** The node of Aptos behind a SOCKS proxy: it is asked by its name, which only the proxy resolves, and not at all without the proxy. */
import { expect } from 'chai'
import { Rest } from '../../../../plugins/aptos/chain/rest.js'
import { AptosParties, HOUR } from '../../../support/aptos/parties.js'
import { rejectionError } from '../../../support/failures.js'
import { TestSocksProxy } from '../../../support/socks-proxy.js'

const NODE = 'node-of-aptos.example'
const HIDDEN = `${'a'.repeat(56)}.onion`

describe('a node of Aptos behind a SOCKS proxy', () => {
  const parties = new AptosParties()
  let proxy: TestSocksProxy
  before(async () => {
    await parties.start()
    proxy = await TestSocksProxy.start({ [NODE]: Number(new URL(parties.chain.url).port) })
  })
  after(async () => {
    await parties.stop()
    await proxy.stop()
  })

  it('opens channels, and is reached through the proxy alone', async () => {
    const provider = await parties.connected(parties.alice, { rpcUrl: `http://${NODE}/v1`, socksProxy: proxy.url })
    const { channelId } = await provider.openChannel(parties.bob.address, HOUR, 'open')
    await provider.deposit(channelId, 500n, 'deposit')
    expect(parties.chain.inStore(channelId)).to.equal(500n)
    expect(new Set(proxy.asked.map(({ host }) => host))).to.deep.equal(new Set([NODE]))
    await provider.disconnect()
  })

  it('is not asked in another way while the proxy is away', async () => {
    const gone = await TestSocksProxy.start({})
    const { url } = gone
    await gone.stop()
    const before = parties.chain.node.requests.length
    const rest = new Rest({ url: parties.chain.url, socksProxy: url })
    expect((await rejectionError(rest.get('/'))).message).to.include('did not connect us')
    expect(parties.chain.node.requests.length).to.equal(before)
    rest.close()
  })

  it('is refused without a proxy where it is a hidden service, and its name is in no error', () => {
    expect(() => new Rest({ url: `http://${HIDDEN}/v1` })).to.throw('hidden service').with.property('message').that.does.not.include(HIDDEN)
  })
})
