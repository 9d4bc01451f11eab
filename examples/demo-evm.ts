/**
 * `npm run demo:evm`: a chain on this machine, three nodes in a row that settle over payment channels, and what the chain says in the end.
 * What alice and bob pay each other over hub is a net of 750, which every channel pays out in one transaction.
 */
import { demo, threeParties } from './demo-row.js'
import { say } from './demo-steps.js'
import { accounts, CHAIN_ID, startChain } from './evm-chain.js'

const CHAIN = `evm:${CHAIN_ID}`
const TOKENS = 1_000_000n
const DEPOSIT = 2000n
/** A node pays when it owes more than this. */
const THRESHOLD = '200'
const GIVE_UP_MS = 120_000

await demo('evm', GIVE_UP_MS, async stage => {
  say('Starting a chain (anvil) and deploying a test token and the contracts ...')
  const chain = await startChain()
  stage.atEnd(() => chain.stop())
  const { token, network } = await chain.createNetwork(6)
  const parties = await threeParties((_, place) => {
    const { address = '', privateKey: key = '' } = accounts[place + 1] ?? {}
    return { address, key }
  })
  for (const { address } of parties) await token.send(accounts[0]?.address ?? '', 'mint', address, TOKENS)
  say(`  token ${token.address}, token network ${network.address}, ${TOKENS} units for each of alice, hub and bob`)

  const row = await stage.startRow(parties, {
    provider: ({ key }) => ({
      chainType: 'evm',
      chainId: CHAIN,
      rpcUrl: chain.url,
      registryAddress: chain.registry.address,
      tokenAddress: token.address,
      keyId: key,
      settlementOptions: { threshold: THRESHOLD, pollingIntervalMs: 200, confirmations: 1, settlementTimeoutSecs: 3600, redeemThreshold: '1000000' }
    }),
    address: ({ address }) => ({ chain: CHAIN, evmAddress: address })
  })
  say(`Opening a channel for each way that money goes, with ${DEPOSIT} units in it ...`)
  await row.fundChannels(DEPOSIT)
  await row.payBothWays()
  say(`  claims went out whenever somebody owed more than ${THRESHOLD}; now nobody owes more than ${await row.largestDebt()}`)

  say('Settling what is left, and closing both channels together, each in one transaction ...')
  await row.settleAll()
  await row.closeBoth(async txId => {
    const receipt = txId === undefined ? null : await chain.provider.getTransactionReceipt(txId)
    return `block ${receipt?.blockNumber ?? '?'}, ${receipt?.gasUsed ?? '?'} gas, ${txId ?? 'made by the peer'}`
  })
  say('')
  say('On the chain, when all channels are over:')
  for (const { name, address } of parties) {
    const change = await token.read('balanceOf', address) - TOKENS
    say(`  ${name.padEnd(6)}${String(change > 0n ? `+${change}` : change).padStart(6)} units`)
  }
  say('150 payments, and one transaction for each channel that pays out the net.')
})
