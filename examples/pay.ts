/**
 * `npm run pay`: pays through the connector that `npm start` runs. alice sends bob 1.5 USD over STREAM (RFC 0029); the books of the
 * connector show who owes whom before and after. `npm run pay -- <folder>` if the data of the connector is not in `data`.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { amountInWords } from '../src/lib/amounts.js'
import { describeError } from '../src/lib/describe-error.js'
import { redact } from '../src/lib/hide-secrets.js'
import { receive, send, type StreamPlugin } from './stream-parties.js'

/** What `npm start` writes: a URL for each account, and that of the admin API. */
interface Urls {
  alice: string
  bob: string
  admin: string
}

const BtpPlugin = createRequire(import.meta.url)('ilp-plugin-btp') as new (options: object) => StreamPlugin
const AMOUNT_USD = '1.5'
const SCALE = 9
const ELSEWHERE = 'an account has one connection at a time. Stop the program that uses it (or the other npm run pay), and try again.'
/** A program that has just ended may still count as connected. */
const GONE_WITHIN_MS = 2000
const START = 'Start a connector first, in another terminal: npm start'

try {
  await pay(await connector(process.argv[2] ?? process.env.CONNECTOR_STORE_PATH ?? 'data'))
  process.exit(0) // npm's plugins leave timers behind
} catch (error) {
  process.stderr.write(`${redact(describeError(error))}\n`) // plugins quote their options, and those hold a secret
  process.exit(1)
}

async function pay ({ alice, bob, admin }: Urls): Promise<void> {
  const before = await balances(admin)
  await free(admin)
  const sender = new BtpPlugin({ server: alice })
  const receiver = new BtpPlugin({ server: bob })
  await Promise.all([sender.connect(), receiver.connect()])
  const shop = await receive(receiver) // asks the connector for bob's address, and takes every payment to it
  say(`alice pays ${AMOUNT_USD} USD to ${shop.address} ...`)
  // What cannot even begin is thrown as a word, not as an error.
  const { error } = await send(sender, shop.credentials, AMOUNT_USD).catch((reason: unknown) => { throw new Error(`The payment could not begin: ${String(reason)}.`) })
  const after = await balances(admin)
  await Promise.all([sender.disconnect(), receiver.disconnect()])
  if (error !== undefined) throw new Error(`The payment ended with ${error}. Paid so far: ${usd((after.alice ?? 0n) - (before.alice ?? 0n))}.`)

  const paid = (after.alice ?? 0n) - (before.alice ?? 0n)
  const received = (before.bob ?? 0n) - (after.bob ?? 0n)
  const width = Math.max(...[before, after].flatMap(books => Object.values(books).map(balance => usd(balance).length)))
  say('')
  for (const name of ['alice', 'bob']) {
    say(`  ${name.padEnd(5)}  balance ${usd(before[name] ?? 0n).padStart(width)}  ->  ${usd(after[name] ?? 0n).padStart(width)}`)
  }
  say(`
A balance is what the account owes the connector; below zero, the connector owes the account.
alice paid ${usd(paid)}, bob received ${usd(received)}, and the connector kept ${usd(paid - received)}: its spread, 0.2 %.`)
}

async function connector (dataPath: string): Promise<Urls> {
  const file = join(dataPath, 'quickstart.json')
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Urls
  } catch (error) {
    throw new Error(`Cannot read ${file} (${describeError(error)}). ${START}`)
  }
}

/** Waits until both accounts are free: to connect as alice or bob ends the connection that there is. */
async function free (admin: string): Promise<void> {
  for (const end = Date.now() + GONE_WITHIN_MS; ;) {
    const { connected } = await ask(admin, '/status') as { connected: Record<string, boolean> }
    const taken = ['alice', 'bob'].filter(name => connected[name])
    if (taken.length === 0) return
    if (Date.now() > end) throw new Error(`Already connected: ${taken.join(' and ')}, and ${ELSEWHERE}`)
    await new Promise(resolve => { setTimeout(resolve, 100) })
  }
}

async function ask (admin: string, path: string): Promise<unknown> {
  const response = await fetch(new URL(path, admin)).catch(() => { throw new Error(`No connector answers at ${admin}. ${START}`) })
  if (!response.ok) throw new Error(`${admin} refused the request: ${await response.text()}`)
  return await response.json()
}

/** What each account owes the connector, in base units. */
async function balances (admin: string): Promise<Record<string, bigint>> {
  const { accounts } = await ask(admin, '/balance') as { accounts: Record<string, { balance: string }> }
  return Object.fromEntries(Object.entries(accounts).map(([id, { balance }]) => [id, BigInt(balance)]))
}

function usd (amount: bigint): string {
  return amountInWords(amount, SCALE, 'USD')
}

function say (line: string): void {
  process.stdout.write(`${line}\n`)
}
