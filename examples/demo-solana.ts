/**
 * `npm run demo:solana`: a cluster in this process, three nodes in a row that settle over payment channels, and what the chain says in the
 * end. What alice and bob pay each other over hub is a net of 750, which every channel pays out in one transaction.
 */
import { recordOf } from '../plugins/lib/rpc/json-rpc.js'
import { demo, threeParties } from './demo-row.js'
import { say } from './demo-steps.js'
import { CHAIN, startSolanaChain, type SolanaChain } from './solana-chain.js'

const TOKENS = 1_000_000n
const DEPOSIT = 2000n
/** A node pays when it owes more than this. */
const THRESHOLD = '200'
const GIVE_UP_MS = 180_000

await demo('solana', GIVE_UP_MS, async stage => {
  say('Starting a Solana cluster (Surfpool) and deploying the program of the channels ...')
  const chain = await startSolanaChain()
  stage.atEnd(() => { chain.stop() })
  const mint = await chain.createToken(6)
  const parties = await threeParties(() => chain.createWallet(mint, TOKENS))
  say(`  program ${chain.programId}, which nobody can change`)
  say(`  token ${mint}, ${TOKENS} units for each of alice, hub and bob`)

  const row = await stage.startRow(parties, {
    provider: ({ key }) => ({
      chainType: 'solana',
      chainId: CHAIN,
      rpcUrl: chain.rpcUrl,
      wsUrl: chain.wsUrl,
      programId: chain.programId,
      tokenMint: mint,
      keyId: key,
      rpsLimit: 1000,
      settlementOptions: { threshold: THRESHOLD, pollingIntervalMs: 200, settlementTimeoutSecs: 3600, redeemThreshold: '1000000' }
    }),
    address: ({ address }) => ({ chain: CHAIN, solanaAddress: address })
  })
  say(`Opening a channel between neighbours, with ${DEPOSIT} units of each in it ...`)
  await row.fundChannels(DEPOSIT)
  await row.payBothWays()

  say('Settling what is left, and closing both channels together, each in one transaction ...')
  await row.settleAll()
  await row.closeBoth(txId => wordsOf(chain, txId))
  say('')
  say('On the chain, when all channels are over:')
  for (const { name, address } of parties) {
    const change = await chain.tokensOf(address, mint) - TOKENS
    say(`  ${name.padEnd(6)}${String(change > 0n ? `+${change}` : change).padStart(6)} units`)
  }
  say('150 payments, and one transaction for each channel that pays out the net.')
})

/** What the chain says of a transaction. */
async function wordsOf (chain: SolanaChain, txId: string | undefined): Promise<string> {
  if (txId === undefined) return 'made by the peer'
  const found = recordOf(await chain.rpc.call('getTransaction', txId, { encoding: 'json', commitment: 'confirmed', maxSupportedTransactionVersion: 0 }))
  const { fee, computeUnitsConsumed } = recordOf(found.meta)
  return `slot ${Number(found.slot)}, ${Number(computeUnitsConsumed)} compute units, fee ${Number(fee)} lamports, ${txId}`
}
