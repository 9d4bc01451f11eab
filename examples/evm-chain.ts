/** A private chain for tests and demos: a real EVM node on a free port, with the contracts deployed and ten rich accounts. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import {
  ContractFactory, HDNodeWallet, Interface, isCallException, JsonRpcProvider, type InterfaceAbi, type LogDescription, type Result,
  type TransactionReceipt
} from 'ethers'
import { anvilBinary } from './anvil.js'
import { abi as networkAbi } from '../plugins/evm/artifacts/TokenNetwork.js'
import { abi as registryAbi, bytecode as registryBytecode } from '../plugins/evm/artifacts/TokenNetworkRegistry.js'

export const CHAIN_ID = 31337
const MNEMONIC = 'test test test test test test test test test test test junk'
const ACCOUNTS = 10
/** Also enough for the deployment of a network. */
const GAS = '0x989680'

/** The accounts that the node has keys of and coins for. */
export const accounts = Array.from({ length: ACCOUNTS }, (_, index) => {
  const { address, privateKey } = HDNodeWallet.fromPhrase(MNEMONIC, undefined, `m/44'/60'/0'/0/${index}`)
  return { address, privateKey }
})

/** `error` is the name of the custom error, or what else the node said. Nothing was sent then. */
export type Outcome = { error: string } | { error?: undefined, receipt: TransactionReceipt, events: LogDescription[] }

export interface Deployed {
  address: string
  iface: Interface
  /** Asks for a number; nothing changes. */
  read (method: string, ...args: unknown[]): Promise<bigint>
  readAll (method: string, ...args: unknown[]): Promise<Result>
  /** Sends a transaction, or gives the error that it would end with. */
  send (from: string, method: string, ...args: unknown[]): Promise<Outcome>
}

export interface Chain {
  url: string
  port: number
  provider: JsonRpcProvider
  registry: Deployed
  rpc (method: string, ...params: unknown[]): Promise<unknown>
  deploy (name: string, ...args: unknown[]): Promise<Deployed>
  at (address: string, abi: InterfaceAbi): Deployed
  /** A new test token and its network. */
  createNetwork (decimals?: number): Promise<{ token: Deployed, network: Deployed }>
  networkOf (token: Deployed): Promise<Deployed>
  mine (blocks?: number): Promise<void>
  /** Lets seconds pass. */
  pass (seconds: number): Promise<void>
  /** Seconds since the epoch, of the latest block. */
  now (): Promise<number>
  stop (): Promise<void>
}

export async function startChain (...args: string[]): Promise<Chain> {
  const node = spawn(anvilBinary(), ['--host', '127.0.0.1', '--port', '0', '--order', 'fifo', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<number>((resolve, reject) => {
    createInterface(node.stdout).on('line', line => {
      const found = /^Listening on 127\.0\.0\.1:(\d+)/.exec(line)
      if (found) resolve(Number(found[1]))
    })
    node.once('error', reject)
    node.once('exit', code => reject(new Error(`anvil ended with ${String(code)}`)))
  })
  const url = `http://127.0.0.1:${port}`
  const provider = new JsonRpcProvider(url, CHAIN_ID, { staticNetwork: true, cacheTimeout: -1, pollingInterval: 10 })
  const rpc = (method: string, ...params: unknown[]): Promise<unknown> => provider.send(method, params)
  const deployer = accounts[0]?.address ?? ''

  const at = (address: string, abi: InterfaceAbi): Deployed => deployed(provider, address, abi)
  const deployCode = async (abi: InterfaceAbi, bytecode: string, deployArgs: unknown[]): Promise<Deployed> => {
    const { data } = await new ContractFactory(abi, bytecode).getDeployTransaction(...deployArgs)
    const { contractAddress } = await mined(provider, { from: deployer, data })
    return at(contractAddress ?? '', abi)
  }
  const registry = await deployCode(registryAbi, registryBytecode, [])
  const networkOf = async (token: Deployed): Promise<Deployed> => at(String((await registry.readAll('getTokenNetwork', token.address))[0]), networkAbi)
  const chain: Chain = {
    url,
    port,
    provider,
    registry,
    rpc,
    at,
    networkOf,
    deploy: (name, ...deployArgs) => deployCode(contractOf(name).abi, contractOf(name).bytecode, deployArgs),
    async createNetwork (decimals = 18) {
      const token = await chain.deploy('TestToken', decimals)
      await registry.send(deployer, 'createTokenNetwork', token.address)
      return { token, network: await networkOf(token) }
    },
    mine: async (blocks = 1) => { await rpc('anvil_mine', blocks) },
    async pass (seconds) {
      await rpc('evm_increaseTime', seconds)
      await rpc('evm_mine')
    },
    now: async () => (await provider.getBlock('latest'))?.timestamp ?? 0,
    async stop () {
      provider.destroy()
      if (node.exitCode !== null) return
      node.kill()
      await once(node, 'exit')
    }
  }
  return chain
}

function deployed (provider: JsonRpcProvider, address: string, abi: InterfaceAbi): Deployed {
  const iface = new Interface(abi)
  const readAll = async (method: string, ...args: unknown[]): Promise<Result> =>
    iface.decodeFunctionResult(method, await provider.call({ to: address, data: iface.encodeFunctionData(method, args) }))
  return {
    address,
    iface,
    readAll,
    read: async (method, ...args) => (await readAll(method, ...args))[0] as bigint,
    async send (from, method, ...args) {
      const transaction = { from, to: address, data: iface.encodeFunctionData(method, args) }
      try {
        await provider.call({ ...transaction, gasLimit: GAS })
      } catch (error) {
        if (!isCallException(error)) throw error
        const parsed = iface.parseError(error.data ?? '0x')
        return { error: parsed?.name === 'Error' ? String(parsed.args[0]) : parsed?.name ?? error.message }
      }
      const receipt = await mined(provider, transaction)
      if (receipt.status !== 1) throw new Error(`${method} was possible, and failed when it was mined`)
      const events = receipt.logs.filter(log => log.address.toLowerCase() === address.toLowerCase()).map(log => iface.parseLog(log))
      return { receipt, events: events.filter(event => event !== null) }
    }
  }
}

async function mined (provider: JsonRpcProvider, transaction: object): Promise<TransactionReceipt> {
  const hash = await provider.send('eth_sendTransaction', [{ ...transaction, gas: GAS }]) as string
  for (;;) {
    const receipt = await provider.getTransactionReceipt(hash)
    if (receipt !== null) return receipt
  }
}

type Compiled = Record<string, { abi: string[], bytecode: string } | undefined>
let compiled: Compiled | undefined

/** Compiles the test contracts when the first is asked for. */
function contractOf (name: string): { abi: string[], bytecode: string } {
  compiled ??= compile()
  const contract = compiled[name]
  if (contract === undefined) throw new Error(`no test contract is named ${name}`)
  return contract
}

function compile (): Compiled {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/compile-contracts.mjs', '--json', 'test/support/evm/contracts'],
    { encoding: 'utf8', maxBuffer: 16_000_000 })
  if (status !== 0) throw new Error(`the test contracts do not compile: ${stderr}`)
  return JSON.parse(stdout) as Compiled
}
