/**
 * What moneyd does: it starts a connector in its own process, with a store from npm, options that are undefined, a parent as the user's
 * uplink configures it, and local applications that connect with any name. They pay through it, with STREAM.
 */
import { expect } from 'chai'
import { receive, send } from '../../../examples/stream-parties.js'
import type { AccountInfo } from '../../../src/contracts/account.js'
import { Network, diallingAccount, listeningAccount, ports } from '../../support/network.js'
import { withoutLog } from '../../support/log.js'
import { noRejectionLeft } from '../../support/unhandled.js'

describe('moneyd', () => {
  withoutLog()
  noRejectionLeft()
  let network: Network
  beforeEach(() => { network = new Network() })
  afterEach(() => network.stop())

  const OPTIONS = {
    spread: 0,
    backend: 'one-to-one',
    store: 'ilp-store-memory',
    initialConnectTimeout: 60_000,
    env: 'test',
    adminApi: false,
    adminApiPort: undefined
  } as const
  const local = (port: number): AccountInfo => ({
    relation: 'child',
    plugin: 'ilp-plugin-mini-accounts',
    assetCode: 'USD',
    assetScale: 9,
    balance: { minimum: '-Infinity', maximum: 'Infinity', settleThreshold: '-Infinity' },
    options: { wsOpts: { host: 'localhost', port }, allowedOrigins: ['chrome-extension://fakjpmebfmpdbhpnddiokemempckoejk'] }
  })

  it('lets applications on this machine pay each other', async () => {
    const [port = 0] = await ports(1)
    await network.connector('sluice', { ...OPTIONS, ilpAddress: 'private.moneyd', accounts: { local: local(port) } })
    const shop = await receive(await network.party(port, 'shop'))
    await send(await network.party(port, 'app'), shop.credentials, '1')
    expect([shop.address.startsWith('private.moneyd.local.'), shop.received()]).to.deep.equal([true, 1_000_000_000n])
  })

  it('gets its address from the uplink, and pays beyond it', async () => {
    const [link = 0, elsewhere = 0, port = 0] = await ports(3)
    await network.connector('reference', { ilpAddress: 'test.provider', accounts: { user: listeningAccount(link), shop: listeningAccount(elsewhere) } })
    const parent = diallingAccount(link, { relation: 'parent', sendRoutes: false, receiveRoutes: false })
    await network.connector('sluice', { ...OPTIONS, accounts: { parent, local: local(port) } })
    const shop = await receive(await network.party(elsewhere))
    await send(await network.party(port, 'app'), shop.credentials, '1')
    expect([shop.address, shop.received()]).to.deep.equal(['test.provider.shop', 1_000_000_000n])
  })
})
