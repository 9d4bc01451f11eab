/** The contracts as the plugin uses them: where the network of a token is, what a channel's state is, and what calls look like. */
import { concat, Interface, keccak256, type LogDescription } from 'ethers'
import { ChainError } from '../../lib/channels/types.js'
import type { ChannelState, ChainStatus, Claim, CloseConsent, Party } from '../../lib/channels/types.js'
import { canCloseTogether, checkAbi } from './abi-check.js'
import { abi as networkAbi } from '../artifacts/TokenNetwork.js'
import { abi as registryAbi } from '../artifacts/TokenNetworkRegistry.js'
import { NoContractError, quantity, recordOf, RpcError, type Rpc } from './rpc.js'

/** A contract call as a transaction carries it. Addresses in lower case. */
export interface Call {
  to: string
  data: string
}

/** What a transaction of ours has done. */
export interface Outcome {
  /** The channel that it opened, and in which block. */
  opened?: { channelId: string, block: number } | undefined
  /** Our deposit afterwards. */
  deposit?: bigint | undefined
  /** What it took out by a claim. */
  claimed: bigint
  /** What the token says has come to us; undefined where it says nothing. */
  arrived?: bigint | undefined
}

export interface Log {
  address: string
  topics: string[]
  data: string
  blockNumber: number
  blockHash: string
  transactionHash: string
  logIndex: number
}

/** What a channel's state is, whenever that was. */
export type ReadState = Omit<ChannelState, 'readAtMs'>

/** What the chain says of a channel, and the hash of it: whatever has the same hash is the same. */
export interface Reading {
  /** Undefined: there is no such channel, or it is between others. */
  state: ReadState | undefined
  digest: string | undefined
}

const registryInterface = new Interface(registryAbi)
const networkInterface = new Interface(networkAbi)
const tokenInterface = new Interface([
  'function balanceOf(address) view returns (uint256)',
  'function allowance(address, address) view returns (uint256)',
  'function approve(address, uint256) returns (bool)',
  'function decimals() view returns (uint8)',
  'function symbol() view returns (string)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'error ERC20InsufficientBalance(address, uint256, uint256)',
  'error ERC20InsufficientAllowance(address, uint256, uint256)'
])

/** A word that can be shown to people. */
const SYMBOL = /^[!-~]{1,32}$/
const ZERO_WORD = `0x${'00'.repeat(32)}`
const ZERO_ADDRESS = `0x${'00'.repeat(20)}`
const UNLIMITED = 2n ** 256n - 1n
const NOTHING: Reading = { state: undefined, digest: undefined }
const STATUS: ReadonlyArray<ChainStatus | undefined> = [undefined, 'open', 'closing', 'settled']

/**
 * Asks the registry. Rejects with a final ChainError when the token has no network there, or one that is spoken to in another way.
 */
export async function findTokenNetwork (rpc: Rpc, registry: string, token: string): Promise<string> {
  const [network] = await ask(rpc, registryInterface, registry, 'getTokenNetwork', [token], 'latest').catch((error: unknown) => {
    if (!isRevert(error)) throw error
    throw new ChainError(`registryAddress is not a TokenNetworkRegistry: it has no getTokenNetwork. registry=${registry}`, true)
  })
  const address = String(network).toLowerCase()
  if (address === ZERO_ADDRESS) {
    throw new ChainError(`no TokenNetwork for this token: call createTokenNetwork of the registry first. token=${token} registry=${registry}`, true)
  }
  await checkAbi(rpc, address, registry)
  return address
}

/** One TokenNetwork and its token. */
export class Network {
  /** The first block at which it was seen: nodes that deny it at a later one know nothing of the chain. */
  #seenAt = Infinity

  constructor (private readonly rpc: Rpc, readonly address: string, readonly token: string) {}

  /** Remembers that the network is there at a block. */
  sawAt (block: number): void {
    this.#seenAt = Math.min(this.#seenAt, block)
  }

  /**
   * A channel as one of its parties sees it; undefined when the chain says that there is none, or that it is between others. Rejects with
   * ChainError when the node cannot say.
   */
  async state (channelId: string, us: string, block: number | 'latest'): Promise<ReadState | undefined> {
    return (await this.reading(channelId, us, block)).state
  }

  /** The same with its hash, as StateProbe.sol makes it. Without `us`: as the first party sees it. */
  async reading (channelId: string, us: string | undefined, block: number | 'latest'): Promise<Reading> {
    const read = (method: string, ...args: unknown[]): Promise<string> =>
      askRaw(this.rpc, networkInterface, this.address, method, [channelId, ...args], block)
    const channel = await read('channels').catch((error: unknown) => {
      if (error instanceof NoContractError && block !== 'latest' && block < this.#seenAt) return undefined // the network is younger than that
      throw error
    })
    if (channel === undefined) return NOTHING
    if (block !== 'latest') this.sawAt(block)
    const [timeout, state, closedAt, , first, second] = decoded('channels', channel)
    const status = STATUS[Number(state)]
    const [one, other] = [String(first).toLowerCase(), String(second).toLowerCase()]
    if (status === undefined || (us !== undefined && us !== one && us !== other)) return NOTHING
    const [paid, got, otherPaid, otherGot] = await Promise.all(
      [read('participants', one), read('claimedAmounts', one), read('participants', other), read('claimedAmounts', other)])
    const [ours, theirs] = [partyOf(one, paid, otherGot), partyOf(other, otherPaid, got)]
    const challengeSecs = Number(timeout)
    const closing = status === 'closing' ? { settleableAt: (Number(closedAt) + challengeSecs) * 1000 } : {}
    return {
      digest: keccak256(concat([channel, paid, got, otherPaid, otherGot])),
      state: { channelId, status, ...us === other ? { ours: theirs, theirs: ours } : { ours, theirs }, challengeSecs, ...closing }
    }
  }

  /** Of a channel, whoever its parties are; undefined when there is none. */
  async status (channelId: string, block: number | 'latest'): Promise<ChainStatus | undefined> {
    const [, state] = await ask(this.rpc, networkInterface, this.address, 'channels', [channelId], block)
    return STATUS[Number(state)]
  }

  async decimals (): Promise<number> {
    return Number((await ask(this.rpc, tokenInterface, this.token, 'decimals', [], 'latest'))[0])
  }

  /** What the token calls itself. Undefined where it does not, or in no word that can be shown. */
  async symbol (): Promise<string | undefined> {
    const data = tokenInterface.encodeFunctionData('symbol')
    const answer = await this.rpc.call('eth_call', { to: this.token, data }, 'latest').catch((error: unknown) => {
      if (isRevert(error)) return undefined
      throw error
    })
    const symbol = typeof answer === 'string' ? textIn(answer) : ''
    return SYMBOL.test(symbol) ? symbol : undefined
  }

  /** What the network owes the address because the token refused to pay it out; 0 for networks that do not remember such. */
  async withdrawable (address: string, block: number | 'latest'): Promise<bigint> {
    const [amount] = await ask(this.rpc, networkInterface, this.address, 'withdrawable', [address], block).catch((error: unknown) => {
      if (isRevert(error) || error instanceof NoContractError) return [0n]
      throw error
    })
    return BigInt(String(amount))
  }

  async balanceOf (address: string): Promise<bigint> {
    return BigInt(String((await ask(this.rpc, tokenInterface, this.token, 'balanceOf', [address], 'latest'))[0]))
  }

  /** What the network may take of our tokens. */
  async allowance (address: string): Promise<bigint> {
    return BigInt(String((await ask(this.rpc, tokenInterface, this.token, 'allowance', [address, this.address], 'latest'))[0]))
  }

  /** For all deposits to come: the network takes only what its caller tells it to. */
  approve (): Call {
    return { to: this.token, data: tokenInterface.encodeFunctionData('approve', [this.address, UNLIMITED]) }
  }

  openChannel (peer: string, challengeSecs: number): Call {
    return this.#call('openChannel', peer, challengeSecs)
  }

  setTotalDeposit (channelId: string, participant: string, total: bigint): Call {
    return this.#call('setTotalDeposit', channelId, participant, total)
  }

  claimFromChannel (claim: Claim): Call {
    return this.#call('claimFromChannel', claim.channelId, proofOf(claim), claim.signature)
  }

  closeChannel (channelId: string): Call {
    return this.#call('closeChannel', channelId)
  }

  settleChannel (channelId: string): Call {
    return this.#call('settleChannel', channelId)
  }

  /** `claim` is the peer's. */
  closeWithConsent ({ channelId, least, validUntil }: CloseConsent, consent: string, claim: Claim | undefined): Call {
    const proof = claim === undefined ? [channelId, 0n, 0n, 0n, ZERO_WORD] : proofOf(claim)
    return this.#call('closeWithConsent', channelId, proof, claim?.signature ?? '0x', least, validUntil, consent)
  }

  async canCloseTogether (): Promise<boolean> {
    return await canCloseTogether(this.rpc, this.address)
  }

  /** The most that one side may put into a channel; undefined for networks that do not limit it. */
  async depositLimit (): Promise<bigint | undefined> {
    const [limit] = await ask(this.rpc, networkInterface, this.address, 'maxChannelDeposit', [], 'latest').catch((error: unknown) => {
      if (isRevert(error)) return []
      throw error
    })
    return typeof limit === 'bigint' ? limit : undefined
  }

  withdraw (recipient: string): Call {
    return this.#call('withdraw', recipient)
  }

  #call (method: string, ...args: unknown[]): Call {
    return { to: this.address, data: networkInterface.encodeFunctionData(method, args) }
  }
}

/** As the contract takes it: nothing is locked. */
function proofOf ({ channelId, nonce, total }: Claim): unknown[] {
  return [channelId, nonce, total, 0n, ZERO_WORD]
}

/** The ABI's string, or the 32 bytes of tokens that are older than that. */
function textIn (answer: string): string {
  try {
    return String(tokenInterface.decodeFunctionResult('symbol', answer)[0])
  } catch {
    return Buffer.from(answer.slice(2), 'hex').toString().replace(/\0+$/, '')
  }
}

/** What a contract says to a call that it reverts, as well as can be told. */
export function reasonOf ({ data, message }: RpcError): string {
  if (data === undefined || data === '0x') return message
  const error = networkInterface.parseError(data) ?? tokenInterface.parseError(data)
  if (error === null) return `an unknown error ${data.slice(0, 10)}`
  return error.name === 'Error' ? String(error.args[0]) : error.name
}

/** Whether the node says that the contract would revert, and not that it cannot answer. */
export function isRevert (error: unknown): error is RpcError {
  return error instanceof RpcError && (error.data !== undefined || error.code === 3 || /revert/i.test(error.message))
}

/** By the events of a transaction's receipt. */
export function outcomeIn (logs: readonly Log[], network: Network, us: string): Outcome {
  const outcome: Outcome = { claimed: 0n }
  for (const log of logs) {
    if (log.address === network.token) {
      const transfer = parsed(tokenInterface, log)
      if (transfer?.name !== 'Transfer') continue
      const [from, to, value] = transfer.args.toArray() as unknown[]
      if (isAddressOf(from, network.address)) outcome.arrived = (outcome.arrived ?? 0n) + (isAddressOf(to, us) ? BigInt(String(value)) : 0n)
    }
    const event = log.address === network.address ? parsed(networkInterface, log) : null
    const [channelId, who, amount] = (event?.args.toArray() ?? []) as unknown[]
    if (event?.name === 'ChannelOpened') outcome.opened = { channelId: String(channelId), block: log.blockNumber }
    if (event?.name === 'ChannelNewDeposit' && isAddressOf(who, us)) outcome.deposit = BigInt(String(event.args[2]))
    if (event?.name === 'ChannelClaimed' && isAddressOf(who, us)) outcome.claimed += BigInt(String(amount))
    if (event?.name === 'PayoutDeferred') outcome.arrived = undefined
  }
  return outcome
}

/** Null for events of others, also where they only have the same name. */
function parsed (contract: Interface, log: Log): LogDescription | null {
  try {
    return contract.parseLog(log)
  } catch {
    return null
  }
}

function isAddressOf (value: unknown, address: string): boolean {
  return String(value).toLowerCase() === address
}

/** What the RPC answers where logs are. */
export function logOf (value: unknown): Log {
  const { address, topics, data, blockNumber, blockHash, transactionHash, logIndex } = recordOf(value)
  return {
    address: String(address).toLowerCase(),
    topics: Array.isArray(topics) ? topics.map(String) : [],
    data: String(data),
    blockNumber: Number(blockNumber),
    blockHash: String(blockHash),
    transactionHash: String(transactionHash),
    logIndex: Number(logIndex)
  }
}

/** @param got what the other has redeemed of it */
function partyOf (address: string, paid: string, got: string): Party {
  const [deposit, nonce] = decoded('participants', paid)
  const [redeemed] = decoded('claimedAmounts', got)
  return { address, deposit: BigInt(String(deposit)), redeemed: BigInt(String(redeemed)), nonce: BigInt(String(nonce)) }
}

function decoded (method: string, answer: string): unknown[] {
  return networkInterface.decodeFunctionResult(method, answer).toArray() as unknown[]
}

async function ask (rpc: Rpc, contract: Interface, to: string, method: string, args: unknown[], block: number | 'latest'): Promise<unknown[]> {
  return contract.decodeFunctionResult(method, await askRaw(rpc, contract, to, method, args, block)).toArray() as unknown[]
}

async function askRaw (rpc: Rpc, contract: Interface, to: string, method: string, args: unknown[], block: number | 'latest'): Promise<string> {
  const data = contract.encodeFunctionData(method, args)
  const answer = await rpc.call('eth_call', { to, data }, quantity(block))
  if (typeof answer !== 'string' || answer === '0x') throw new NoContractError(rpc.host, to)
  return answer
}
