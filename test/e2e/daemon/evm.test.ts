/** Two daemons with accounts of the plugin `evm`, configured by variables: one pays the other what it is told to, on a real chain. */
import { expect } from 'chai'
import { freePort } from '../../../examples/free-port.js'
import { accounts, CHAIN_ID, startChain, type Chain } from '../../../examples/evm-chain.js'
import { Daemon, temporaryFolder } from '../../support/daemon.js'

describe('daemons that settle on an EVM chain', function () {
  this.timeout(60_000)
  let chain: Chain
  const daemons: Daemon[] = []
  const folders: Array<Awaited<ReturnType<typeof temporaryFolder>>> = []
  before(async () => { chain = await startChain() })
  after(async () => {
    await Promise.all(daemons.map(daemon => daemon.stop()))
    await Promise.all(folders.map(folder => folder.remove()))
    await chain.stop()
  })

  it('pay with the scale of the account, and book what came', async () => {
    const { token } = await chain.createNetwork(6)
    for (const index of [1, 2]) await token.send(accounts[0]!.address, 'mint', accounts[index]!.address, 1_000_000n)
    const [port, payerAdmin, payeeAdmin] = [await freePort(), await freePort(), await freePort()]
    const start = async (index: number, peer: number, adminPort: number, transport: object): Promise<Daemon> => {
      const folder = await temporaryFolder()
      folders.push(folder)
      const daemon = new Daemon({
        CONNECTOR_ILP_ADDRESS: `test.n${index}`,
        CONNECTOR_ACCOUNTS: JSON.stringify({
          peer: {
            relation: 'peer',
            plugin: 'evm',
            assetCode: 'USD',
            assetScale: 9,
            balance: { maximum: '1000000000' },
            options: {
              ...transport,
              peerAddress: accounts[peer]!.address,
              settlementTimeoutSecs: 3600,
              pollingIntervalMs: 100,
              chain: {
                chainId: CHAIN_ID, rpcUrl: chain.url, registryAddress: chain.registry.address, tokenAddress: token.address,
                tokenDecimals: 6, keyId: accounts[index]!.privateKey, confirmations: 1
              }
            }
          }
        }),
        CONNECTOR_BACKEND: 'one-to-one',
        CONNECTOR_SPREAD: '0',
        CONNECTOR_STORE_PATH: folder.path,
        CONNECTOR_ADMIN_API: 'true',
        CONNECTOR_ADMIN_API_PORT: String(adminPort)
      })
      daemons.push(daemon)
      await daemon.prints('connector ready')
      return daemon
    }
    await Promise.all([
      start(2, 1, payeeAdmin, { listener: { port, secret: 's3cret' } }),
      start(1, 2, payerAdmin, { server: `btp+ws://:s3cret@127.0.0.1:${port}`, reconnectIntervals: [0, 50] })
    ])

    const post = async (path: string, body: object): Promise<Response> => await fetch(`http://127.0.0.1:${payerAdmin}/${path}`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ accountId: 'peer', ...body })
    })
    const settle = (amount: string): Promise<Response> => post('settlements', { amount })
    await post('balance', { amountDiff: '-5001000' }) // what the payer owes
    const paid = await settle('5000000') // 5000 units of the token
    expect(paid.status, await paid.text()).to.equal(204)
    expect((await settle('1500')).status, 'not a whole unit of the token').to.equal(409)
    const balanceOf = async (adminPort: number): Promise<unknown> => {
      const { accounts: books } = await (await fetch(`http://127.0.0.1:${adminPort}/balance`)).json() as { accounts: Record<string, { balance: string }> }
      return books.peer?.balance
    }
    expect((await settle('2000')).status, 'more than is due').to.equal(409)
    expect(await balanceOf(payerAdmin)).to.equal('-1000')
    expect(await balanceOf(payeeAdmin)).to.equal('-5000000')
    for (const { output, errors } of daemons) expect(output + errors).to.not.include(accounts[1]!.privateKey.slice(2))
  })
})
