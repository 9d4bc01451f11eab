/**
 * `npm run demo:aptos`: a chain on this machine, three nodes in a row that settle over payment channels of Aptos, and what the chain says
 * in the end. What alice and bob pay each other over hub is a net of 750. The chain is a stand-in for an Aptos node with the rules of the
 * Move module in plugins/aptos/move; no Aptos node is used.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { demo, threeParties } from '../../../examples/demo-row.js'
import { say } from '../../../examples/demo-steps.js'
import { startAptos } from './index.js'
import { TOKENS, freshAccount } from './parties.js'

/** Octas, for gas. */
const COINS = 1_000_000_000n
/** Units of the asset that a channel is filled with. */
const DEPOSIT = 2000n
/** A node pays when it owes more than this. */
const THRESHOLD = '200'
const GIVE_UP_MS = 120_000

await demo('aptos', GIVE_UP_MS, async stage => {
  say('Starting a chain (a stand-in for an Aptos node) with three accounts ...')
  const parties = await threeParties(freshAccount)
  const chain = await startAptos()
  stage.atEnd(() => chain.stop())
  const chainId = `aptos:${chain.chain.chainId}`
  for (const { name, address } of parties) {
    chain.fund(address, COINS)
    chain.fund(address, TOKENS, chain.asset)
    say(`  ${name.padEnd(6)}${address}, ${TOKENS} units of a test dollar`)
  }

  const row = await stage.startRow(parties, {
    provider: ({ key }) => ({
      chainType: 'aptos',
      chainId,
      rpcUrl: chain.url,
      moduleAddress: chain.code,
      tokenAddress: chain.asset,
      keyId: key,
      settlementOptions: {
        threshold: THRESHOLD, pollingIntervalMs: 200, settlementTimeoutSecs: 3600, initialDeposit: String(DEPOSIT), redeemThreshold: '1000000'
      }
    }),
    address: ({ address }) => ({ chain: chainId, aptosAddress: address })
  })
  await row.payBothWays()
  say(`  each that owed more than ${THRESHOLD} put ${DEPOSIT} units into a channel, and sent claims; now nobody owes more than ${await row.largestDebt()}`)

  say('Settling what is left, and ending all channels together, each in one transaction ...')
  await row.settleAll()
  await row.closeAll()
  const changes = (): bigint[] => parties.map(({ address }) => chain.balance(address, chain.asset) - TOKENS)
  while (changes().reduce((a, b) => a + b, 0n) < 0n) await wait(100) // each takes out what it was granted: the chain pushes nothing
  say('')
  say('On the chain, when all channels are over:')
  for (const { name, address } of parties) {
    let gas = 0n
    for (const { tx, outcome, version } of chain.chain.transactionsOf(address)) {
      gas += outcome.gasUsed * tx.gasPrice
      say(`  version ${String(version).padEnd(6)}${name.padEnd(6)}${tx.call.name}`)
    }
    const change = chain.balance(address, chain.asset) - TOKENS
    say(`  ${name}: ${change > 0n ? '+' : ''}${change} units, and ${gas} octas of gas (as the stand-in counts it)`)
  }
  say('150 payments, and each channel ended in one transaction that nets both ways.')
})
