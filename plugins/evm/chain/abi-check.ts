/**
 * Finds out from the code of a TokenNetwork which functions it has. An older generation of the contract has the same registry, the same
 * domain and the same claims, but other functions: deposits would go in, and no claim could be redeemed.
 */
import { id as hashOf } from 'ethers'
import { ChainError } from '../../lib/channels/types.js'
import { NoContractError, type Rpc } from './rpc.js'

const PROOF = '(bytes32,uint256,uint256,uint256,bytes32)'
/** What cannot be done without. */
const NEEDED = [
  'openChannel(address,uint256)', 'setTotalDeposit(bytes32,address,uint256)', `claimFromChannel(bytes32,${PROOF},bytes)`,
  'closeChannel(bytes32)', 'settleChannel(bytes32)'
]
/** What networks have since channels can be ended with the consent of one side. */
const CLOSE_WITH_CONSENT = `closeWithConsent(bytes32,${PROOF},bytes,uint256,uint256,bytes)`
/** What only the older generation has. */
const OLDER = [
  `closeChannel(bytes32,${PROOF},bytes)`, `updateNonClosingBalanceProof(bytes32,${PROOF},bytes)`,
  `cooperativeSettle(bytes32,${PROOF},bytes,${PROOF},bytes)`
]
/** Where proxies say which contract they stand for (EIP-1967). */
const IMPLEMENTATION_SLOT = '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc'
const ADDRESS_DIGITS = 40

/** Rejects with a final ChainError that names the contract, what it is, and what to do; with another one while the node cannot say. */
export async function checkAbi (rpc: Rpc, address: string, registry: string): Promise<void> {
  const code = await codeOf(rpc, address)
  const missing = NEEDED.filter(signature => !has(code, signature))
  if (missing.length === 0) return
  const advice = 'use a registryAddress whose networks have the functions of plugins/evm/contracts/TokenNetwork.sol'
  if (OLDER.some(signature => has(code, signature))) {
    throw new ChainError(`the TokenNetwork at ${address} is of the older generation (closeChannel and cooperativeSettle take balance proofs, ` +
      `nothing is claimed while a channel is open): claims could not be redeemed there. ${advice}. registry=${registry}`, true)
  }
  throw new ChainError(`the contract at ${address} is not a TokenNetwork: it has no ${missing.join(', no ')}. ${advice}. registry=${registry}`, true)
}

/** Whether channels of the network can be ended with the consent of one side. Rejects with ChainError while the node cannot say. */
export async function canCloseTogether (rpc: Rpc, address: string): Promise<boolean> {
  return has(await codeOf(rpc, address), CLOSE_WITH_CONSENT)
}

/** Of the contract, and of the one that it stands for if it is a proxy. */
async function codeOf (rpc: Rpc, address: string): Promise<string> {
  const code = await codeAt(rpc, address)
  const slot = await rpc.call('eth_getStorageAt', address, IMPLEMENTATION_SLOT, 'latest')
  const implementation = typeof slot === 'string' ? slot.slice(-ADDRESS_DIGITS) : ''
  return /[1-9a-f]/i.test(implementation) ? code + await codeAt(rpc, `0x${implementation.padStart(ADDRESS_DIGITS, '0')}`) : code
}

async function codeAt (rpc: Rpc, address: string): Promise<string> {
  const code = await rpc.call('eth_getCode', address, 'latest')
  if (typeof code !== 'string' || code === '0x') throw new NoContractError(rpc.host, address)
  return code
}

/** A contract compares what it is called with against these four bytes. */
function has (code: string, signature: string): boolean {
  return code.includes(hashOf(signature).slice(2, 10))
}
