/** What docs/settlement.md tells people to write and to run is right as it stands. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConfigLoader } from '../../../src/index.js'
import { abi } from '../../../plugins/evm/artifacts/TokenNetworkRegistry.js'
import { accounts, startChain } from '../../../examples/evm-chain.js'
import { ROOT, World } from '../../support/node.js'

const ADDRESS = `0x${'12'.repeat(20)}`

describe('the document on settlement', () => {
  const world = new World()
  let document: string
  before(async () => { document = await readFile(join(ROOT, 'docs/settlement.md'), 'utf8') })
  afterEach(() => world.end())

  const block = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(document)![1]!

  it('has a configuration that is taken, without a warning', async () => {
    const file = join(await world.directory(), 'config.yaml')
    await writeFile(file, block('yaml').replaceAll('0x...', ADDRESS))
    const { config, warnings } = ConfigLoader.read(file, {
      BASE_RPC_URL: 'https://mainnet.base.org', EVM_PRIVATE_KEY: accounts[9]!.privateKey, BOB_SECRET: 'secret'
    })
    expect(warnings).to.deep.equal([])
    expect(config.chains.map(({ id }) => id)).to.deep.equal(['evm:8453'])
  })

  it('names every option', () => {
    const options = [
      'threshold', 'timeBasedIntervalMs', 'initialDeposit', 'initialDepositMultiplier', 'topUpBelow', 'maxPrepaid', 'settlementTimeoutSecs', 'claims', 'requireClaims', 'redeemThreshold',
      'nativePrice', 'redeemGasFactor', 'idleCloseSecs', 'pollingIntervalMs', 'confirmations', 'startBlock'
    ]
    for (const option of options) expect(document).to.match(new RegExp(`^\\| (\`\\w+\`, )?\`${option}\``, 'm'))
  })

  it('has a program that deploys the contracts', async () => {
    const chain = await startChain()
    world.after(() => chain.stop())
    const { token } = await chain.createNetwork(6)
    const file = join(await world.directory(), 'deploy.mjs')
    const program = block('js').replaceAll(/^ {3}/gm, '').replace("'ethers'", JSON.stringify(import.meta.resolve('ethers')))
      .replace("'./node_modules/sluice/dist/plugins/", `'${new URL('../../../plugins/', import.meta.url).href}`)
    await writeFile(file, program)
    const env = { PATH: process.env.PATH, EVM_PRIVATE_KEY: accounts[0]!.privateKey, BASE_RPC_URL: chain.url }
    const child = spawn(process.execPath, [file, token.address], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
    const registry = /registryAddress: (0x\w{40})/.exec(output)?.[1] ?? ''
    expect(output).to.include(`token network: ${String((await chain.at(registry, abi).readAll('getTokenNetwork', token.address))[0])}`)
  }).timeout(60_000)
})
