/**
 * `npm run demo:xrp`: a ledger on this machine, three nodes in a row that settle over payment channels of the XRP Ledger, and what the
 * ledger says in the end. What alice and bob pay each other over hub is a net of 750. The ledger is a stand-in for rippled, the server of
 * the XRP Ledger, with its rules; a channel there pays one way, so each node opens its own.
 */
import { Client, Wallet } from 'xrpl'
import { demo, threeParties } from '../../../examples/demo-row.js'
import { say } from '../../../examples/demo-steps.js'
import { startRippled } from '../rippled/index.js'

const XRP = 1_000_000n
const FUNDS = 1000n * XRP
/** Drops that a channel is opened with. */
const DEPOSIT = 2000n
/** A node pays when it owes more than this. */
const THRESHOLD = '200'
/** On the real ledger it takes 3 to 5 seconds. */
const LEDGER_MS = 200
const GIVE_UP_MS = 120_000

await demo('xrp', GIVE_UP_MS, async stage => {
  say('Starting a ledger (a stand-in for rippled) with three accounts ...')
  const parties = await threeParties(() => ({ wallet: Wallet.generate() }))
  const accounts = Object.fromEntries(parties.map(({ wallet }) => [wallet.classicAddress, FUNDS]))
  const ledger = await startRippled({ ledgerMs: LEDGER_MS, accounts })
  stage.atEnd(() => ledger.stop())
  const chainId = `xrp:${ledger.network.options.networkId}`
  for (const { name, wallet } of parties) say(`  ${name.padEnd(6)}${wallet.classicAddress}, ${FUNDS / XRP} XRP`)

  const row = await stage.startRow(parties, {
    provider: ({ wallet }) => ({
      chainType: 'xrp',
      chainId,
      rpcUrl: ledger.url,
      keyId: wallet.seed ?? '',
      settlementOptions: {
        threshold: THRESHOLD, pollingIntervalMs: 200, settlementTimeoutSecs: 3600, initialDeposit: String(DEPOSIT), redeemThreshold: '1000000'
      }
    }),
    address: ({ wallet }) => ({ chain: chainId, xrpAddress: wallet.classicAddress })
  })
  await row.payBothWays()
  say(`  each that owed more than ${THRESHOLD} opened a channel with ${DEPOSIT} drops, and sent claims; now nobody owes more than ${await row.largestDebt()}`)

  say('Settling what is left, and ending all channels, each in one transaction of the node that it pays ...')
  await row.settleAll()
  await row.closeAll()
  const client = new Client(ledger.url)
  await client.connect()
  stage.atEnd(() => client.disconnect())
  say('')
  say('On the ledger, when all channels are over:')
  for (const { name, wallet: { classicAddress: account } } of parties) {
    const { result: { transactions } } = await client.request({ command: 'account_tx', account, ledger_index_min: -1, ledger_index_max: -1, forward: true })
    let fees = 0n
    for (const { tx_json: tx, meta, ledger_index: index } of transactions) {
      if (tx?.Account !== account) continue
      fees += BigInt(tx.Fee ?? 0)
      const result = typeof meta === 'object' ? meta.TransactionResult : '?'
      say(`  ledger ${index}  ${name.padEnd(6)}${tx.TransactionType.padEnd(22)}${result}  ${amountIn(tx)}`)
    }
    const { result: { account_data: { Balance } } } = await client.request({ command: 'account_info', account, ledger_index: 'validated' })
    const change = BigInt(Balance) + fees - FUNDS
    say(`  ${name}: ${change > 0n ? '+' : ''}${change} drops, and ${fees} drops of fees`)
  }
  say('150 payments, and for each channel one transaction that pays all of them out.')
})

function amountIn (tx: object): string {
  const { Amount, Balance } = tx as { Amount?: unknown, Balance?: unknown }
  if (typeof Balance === 'string') return `pays out ${Balance} drops in all`
  return typeof Amount === 'string' ? `puts ${Amount} drops in` : ''
}
