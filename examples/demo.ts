/**
 * `npm run demo`: a sender, a connector and a receiver on this machine, and one real STREAM payment through them. The connector is the
 * daemon in a process of its own, configured by environment variables; the two parties are npm's ilp-plugin-btp.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Receipt } from '@interledger/pay'
import { amountInWords } from '../src/lib/amounts.js'
import { freePort } from './free-port.js'
import { receive, send, type Receiver, type StreamPlugin } from './stream-parties.js'

const BtpPlugin = createRequire(import.meta.url)('ilp-plugin-btp') as new (options: object) => StreamPlugin
const AMOUNT_USD = '1.5'
const SPREAD = '0.002'
const READY_WITHIN_MS = 30_000

const secret = randomBytes(16).toString('hex')
const [senderPort, receiverPort, adminPort] = [await freePort(), await freePort(), await freePort()]
const dataPath = await mkdtemp(join(tmpdir(), 'sluice-demo-'))

say('Starting a connector (test.demo) that keeps 0.2 % of what it forwards ...')
const connector = startConnector()
const sender = new BtpPlugin({ server: `btp+ws://:${secret}@127.0.0.1:${senderPort}` })
const receiver = new BtpPlugin({ server: `btp+ws://:${secret}@127.0.0.1:${receiverPort}` })
try {
  await Promise.all([sender.connect(), receiver.connect()])
  const shop = await receive(receiver)
  say(`Sender and receiver are connected. The receiver got its address from the connector: ${shop.address}`)
  say(`Paying ${AMOUNT_USD} USD over STREAM ...`)
  report(await send(sender, shop.credentials, AMOUNT_USD), shop, await balances())
} finally {
  await Promise.all([sender.disconnect(), receiver.disconnect()])
  connector.kill('SIGTERM')
  await once(connector, 'exit')
  await rm(dataPath, { recursive: true })
}
process.exit(0) // npm's plugins leave timers behind

function startConnector (): ChildProcess {
  const account = (assetScale: number, port: number): object => ({
    relation: 'child',
    plugin: 'ilp-plugin-btp',
    assetCode: 'USD',
    assetScale,
    balance: { minimum: '-1000000000000', maximum: '1000000000000' },
    options: { listener: { port, secret, wsOpts: { host: '127.0.0.1', port } } }
  })
  const child = spawn(process.execPath, [fileURLToPath(new URL('../src/commands/daemon/main.js', import.meta.url))], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      CONNECTOR_ILP_ADDRESS: 'test.demo',
      CONNECTOR_ACCOUNTS: JSON.stringify({ sender: account(9, senderPort), receiver: account(6, receiverPort) }),
      CONNECTOR_BACKEND: 'one-to-one',
      CONNECTOR_SPREAD: SPREAD,
      CONNECTOR_STORE_PATH: dataPath,
      CONNECTOR_ADMIN_API: 'true',
      CONNECTOR_ADMIN_API_PORT: String(adminPort)
    }
  })
  child.once('exit', code => { if (code !== null && code !== 0) process.exit(1) })
  setTimeout(() => {
    process.stderr.write('the demo did not finish in time\n')
    child.kill('SIGKILL')
    process.exit(1)
  }, READY_WITHIN_MS).unref()
  return child
}

function report ({ amountSent, amountDelivered, error }: Receipt, shop: Receiver, books: Record<string, bigint>): void {
  if (error !== undefined) throw new Error(`the payment ended with ${error}`)
  const paid = books.sender ?? 0n
  const owed = -(books.receiver ?? 0n) * 1000n // from 6 decimals to 9
  say('')
  say(`  sender paid        ${amountInWords(paid, 9, 'USD')}   (its own count: ${amountSent.toString()})`)
  say(`  connector earned   ${amountInWords(paid - owed, 9, 'USD')}   (what the sender owes it, less what it owes the receiver)`)
  say(`  receiver received  ${amountInWords(shop.received(), shop.assetScale, 'USD')}      (sender was told: ${amountDelivered.toString()})`)
  say('')
}

async function balances (): Promise<Record<string, bigint>> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/balance`)
  const { accounts } = await response.json() as { accounts: Record<string, { balance: string }> }
  return Object.fromEntries(Object.entries(accounts).map(([id, { balance }]) => [id, BigInt(balance)]))
}

function say (line: string): void {
  process.stdout.write(`${line}\n`)
}
