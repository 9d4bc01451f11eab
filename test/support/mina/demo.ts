/**
 * `npm run demo:mina`: a chain on this machine, three nodes in a row that settle over payment channels of Mina, and what the chain says in
 * the end. What alice and bob pay each other over hub is a net of 750. The chain is a stand-in for a node of Mina, over the ledger of o1js;
 * with `npm run demo:mina -- --proofs` every proof is made and verified, which takes minutes.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demo, threeParties } from '../../../examples/demo-row.js'
import { say } from '../../../examples/demo-steps.js'
import { startMina } from './index.js'
import { freshKey, historyOf, MINA, walletOf } from './settling.js'

const FUNDS = 10_000n * MINA
/** What a channel is opened with. */
const DEPOSIT = 2000n * MINA
/** A node pays when it owes more than this. */
const THRESHOLD = 200n * MINA
const CHAIN_ID = 'mina:lightnet'

const proofs = process.argv.includes('--proofs')
/** On the real network, three minutes and more: a proof is made in less. */
const BLOCK_MS = proofs ? 2000 : 300
const GIVE_UP_MS = proofs ? 1_200_000 : 170_000

await demo('mina', GIVE_UP_MS, async stage => {
  say(`Starting a chain (a stand-in for a node of Mina, ${proofs ? 'with proofs: this takes minutes' : 'without proofs'}) with three accounts ...`)
  const parties = await threeParties(() => ({ key: freshKey() }))
  const chain = await startMina({ networkId: CHAIN_ID, blockMs: BLOCK_MS, proofs })
  stage.atEnd(() => chain.stop())
  for (const { name, key } of parties) {
    await chain.fund(key.text, FUNDS)
    say(`  ${name.padEnd(6)}${key.address}, ${FUNDS / MINA} MINA`)
  }

  const row = await stage.startRow(parties, {
    provider: ({ key }) => ({
      chainType: 'mina',
      chainId: CHAIN_ID,
      graphqlUrl: chain.url,
      keyId: key.text,
      confirmations: 2,
      prover: { proofs, cacheDir: join(tmpdir(), 'sluice-mina-circuits') },
      settlementOptions: {
        threshold: String(THRESHOLD),
        pollingIntervalMs: 200,
        settlementTimeoutSecs: 10_800,
        initialDeposit: String(DEPOSIT),
        topUpBelow: String(THRESHOLD),
        redeemThreshold: String(10_000n * MINA)
      }
    }),
    address: ({ key }) => ({ chain: CHAIN_ID, minaAddress: key.address })
  })
  await row.payBothWays(MINA)
  say(`  each that owed more than ${THRESHOLD / MINA} MINA opened a channel with ${DEPOSIT / MINA}, and sent claims; now nobody owes more than ` +
    `${await row.largestDebt() / MINA}`)

  say('Settling what is left, and ending all channels, each in one transaction of the node that it pays ...')
  await row.settleAll()
  await row.closeAll()
  say('')
  say('On the chain, when all channels are over:')
  for (const { name, key } of parties) {
    const { lines, fees, created } = await historyOf(chain.url, key.address)
    for (const line of lines) say(`  ${name.padEnd(6)}${line}`)
    const change = await walletOf(chain.url, key.address) - FUNDS
    say(`  ${name}: ${change > 0n ? '+' : ''}${change / MINA} MINA, and ${inMina(fees)} of fees, ${inMina(created)} for new accounts`)
  }
  say('150 payments, and for each channel one transaction that pays all of them out.')
})
process.exit()

function inMina (amount: bigint): string {
  return `${amount / MINA}.${String(amount % MINA).padStart(9, '0').slice(0, 2)}`
}
