/**
 * `ilp-plugin-xrp-paychan` 2.4.1 from npm, unchanged, in two daemons: it opens channels on the XRP Ledger, pays with claims what one
 * owes the other, and redeems them. Its ripple-lib 0.22 knows no NetworkID, so the stand-in for rippled is a network that wants none.
 */
import { join } from 'node:path'
import { createRequire } from 'node:module'
import { expect } from 'chai'
import { freePorts } from '../../support/cli.js'
import { Daemon } from '../../support/daemon.js'
import { INSTALL_TIMEOUT_MS, installed } from '../../support/pinned-packages.js'
import { startRippled, type Rippled } from '../../support/rippled/index.js'
import { eventually } from '../../support/waiting.js'

/** Slow enough for a plugin that looks for the outcome of a transaction only after its submission was answered. */
const LEDGER_MS = 1000
const DROPS = 1_000_000_000n
const OWED = '1234'

interface Party { secret: string, address: string }
interface Keys {
  generateSeed (): string
  deriveKeypair (seed: string): { publicKey: string }
  deriveAddress (publicKey: string): string
}

describe('ilp-plugin-xrp-paychan from npm', function () {
  this.timeout(INSTALL_TIMEOUT_MS)
  let rippled: Rippled | undefined
  const daemons: Daemon[] = []

  afterEach(async () => {
    for (const daemon of daemons.splice(0)) await daemon.stop()
    await rippled?.stop()
  })

  it('settles between two daemons, with a channel of each, and redeems what it was paid', async () => {
    const folder = await installed('npm-plugins', 'test/support/npm-plugins')
    const keys = createRequire(join(folder, 'package.json'))('ripple-keypairs') as Keys
    const party = (): Party => {
      const secret = keys.generateSeed()
      return { secret, address: keys.deriveAddress(keys.deriveKeypair(secret).publicKey) }
    }
    const [payer, payee] = [party(), party()]
    rippled = await startRippled({ ledgerMs: LEDGER_MS, networkId: 0, accounts: { [payer.address]: DROPS, [payee.address]: DROPS } })
    const { url, state } = rippled
    const [btp = 0, payerAdmin = 0, payeeAdmin = 0] = await freePorts(3)

    const start = (name: string, own: Party, peer: Party, admin: number, options: object): Daemon => {
      const account = {
        relation: 'peer',
        plugin: join(folder, 'node_modules/ilp-plugin-xrp-paychan'),
        assetCode: 'XRP',
        assetScale: 6,
        balance: { maximum: '1000000' },
        options: { xrpServer: url, secret: own.secret, peerAddress: peer.address, ...options }
      }
      const daemon = new Daemon({
        CONNECTOR_ILP_ADDRESS: `test.${name}`, CONNECTOR_BACKEND: 'one-to-one', CONNECTOR_STORE: 'memdown', CONNECTOR_ADMIN_API: 'true',
        CONNECTOR_ADMIN_API_PORT: String(admin), CONNECTOR_ACCOUNTS: JSON.stringify({ peer: account })
      })
      daemons.push(daemon)
      return daemon
    }
    const ask = async (port: number, method: string, path: string, body?: object): Promise<unknown> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method, ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
      })
      const text = await response.text()
      expect(response.status, `${method} ${path}: ${text}`).to.be.below(300)
      return text === '' ? undefined : JSON.parse(text)
    }
    const balanceAt = async (port: number): Promise<string> =>
      (await ask(port, 'GET', '/balance') as { accounts: { peer: { balance: string } } }).accounts.peer.balance
    const isConnected = async (port: number): Promise<boolean> =>
      (await ask(port, 'GET', '/status') as { connected: { peer: boolean } }).connected.peer

    const first = start('payer', payer, payee, payerAdmin, { listener: { port: btp, secret: 'shh' } })
    const second = start('payee', payee, payer, payeeAdmin, { server: `btp+ws://:shh@127.0.0.1:${btp}` })
    await Promise.all([first.prints('connector ready'), second.prints('connector ready')])
    await eventually('both have a channel', async () => await isConnected(payerAdmin) && await isConnected(payeeAdmin))
    const channel = /successfully created: +([0-9A-F]{64})/.exec(first.output)?.[1] ?? ''
    expect(state.channel(channel)).to.include({ Account: payer.address, Destination: payee.address, Amount: 1_000_000n, Balance: 0n })

    await ask(payerAdmin, 'POST', '/balance', { accountId: 'peer', amountDiff: `-${OWED}` })
    await ask(payeeAdmin, 'POST', '/balance', { accountId: 'peer', amountDiff: OWED })
    await ask(payerAdmin, 'POST', '/settlements', { accountId: 'peer' })
    await eventually('nobody owes anything', async () => await balanceAt(payerAdmin) === '0' && await balanceAt(payeeAdmin) === '0')

    const before = state.account(payee.address)?.Balance ?? 0n
    second.kill('SIGTERM')
    await second.exited
    await eventually('the claim is redeemed', () => state.channel(channel)?.Balance === BigInt(OWED))
    expect(state.account(payee.address)?.Balance, 'less a fee of 12 drops').to.equal(before + BigInt(OWED) - 12n)
  })
})
