/**
 * What a node shows: the fields of a Mina daemon's GraphQL that clients of payment channels use, with its names and its types of scalars
 * (numbers of the chain as text, `slotDuration` and `k` as numbers). Sources: `mina_graphql` of the daemon, and the queries of o1js.
 */
import type { AccountJson } from './ledger.js'
import type { Faults } from './faults.js'
import { JsonScalar, type Arguments, type Type } from './graphql.js'
import type { Block, Network } from './network.js'
import { ACCOUNT_CREATION_FEE, DEFAULT_TOKEN, type Command, type Included } from './types.js'

const SLOT_MS = 180_000
const FINALITY = 290
const GENESIS = '2024-06-05T00:00:00Z'

/** The chain as one node sees it. */
export function queryOf (network: Network, faults: Faults, networkId: string): Type {
  const seen = (): Block[] => network.blocks.slice(0, Math.max(1, network.blocks.length - faults.behind))
    .filter(({ height }) => height <= (faults.standsAt ?? Infinity))
  const tip = (): Block => seen().at(-1) ?? network.tip
  return {
    version: '3.2.0',
    networkID: () => faults.networkId ?? networkId,
    syncStatus: () => faults.syncStatus,
    daemonStatus: () => ({
      chainId: faults.chainId ?? network.chainId,
      syncStatus: faults.syncStatus,
      commitId: 'stand-in',
      blockchainLength: tip().height,
      highestBlockLengthReceived: network.tip.height,
      globalSlotSinceGenesisBestTip: tip().slot,
      stateHash: tip().stateHash,
      consensusConfiguration: {
        k: FINALITY, slotDuration: SLOT_MS, slotsPerEpoch: 7140, epochDuration: 7140 * SLOT_MS, delta: 0, genesisStateTimestamp: GENESIS
      }
    }),
    genesisConstants: { accountCreationFee: `${ACCOUNT_CREATION_FEE}`, coinbase: '720000000000', genesisTimestamp: GENESIS },
    runtimeConfig: () => new JsonScalar({
      daemon: {
        ...network.slotTxEnd !== undefined && { slot_tx_end: network.slotTxEnd },
        ...network.slotChainEnd !== undefined && { slot_chain_end: network.slotChainEnd }
      },
      genesis: { genesis_state_timestamp: GENESIS, k: FINALITY },
      proof: { block_window_duration_ms: SLOT_MS }
    }),
    bestChain: ({ maxLength }: Arguments) => {
      const length = typeof maxLength === 'number' ? Math.min(maxLength, FINALITY + 1) : FINALITY + 1
      return seen().slice(-length).map(block => blockOf(block, faults))
    },
    account: ({ publicKey, token }: Arguments) => {
      const address = text(publicKey)
      const lie = faults.accounts[address]
      const account = network.account(address, tip().height)
      if (lie === null || (token !== undefined && token !== null && token !== DEFAULT_TOKEN)) return null
      if (account === undefined && lie === undefined) return null
      return { ...account === undefined ? {} : accountOf(account, network), ...lie as Type | undefined }
    },
    pooledUserCommands: ({ publicKey }: Arguments) => waiting(network, 'payment', publicKey),
    pooledZkappCommands: ({ publicKey }: Arguments) => waiting(network, 'zkapp', publicKey),
    transactionStatus: ({ payment, zkappTransaction }: Arguments) => statusOf(text(payment ?? zkappTransaction), network, seen())
  }
}

function waiting (network: Network, kind: Command['kind'], sender: unknown): Type[] {
  return network.pool.waiting(sender === undefined || sender === null ? undefined : text(sender))
    .filter(command => command.kind === kind).map(command => commandOf(command, undefined))
}

function statusOf (id: string, network: Network, seen: readonly Block[]): string {
  if (network.pool.waiting().some(({ hash }) => hash === id)) return 'PENDING'
  return seen.some(({ commands }) => commands.some(({ command }) => command.hash === id)) ? 'INCLUDED' : 'UNKNOWN'
}

function blockOf ({ height, slot, madeMs, stateHash, previousStateHash, commands }: Block, { otherHashes, lateMs }: Faults): Type {
  const of = (kind: Command['kind']): Type[] =>
    commands.filter(({ command }) => command.kind === kind).map(({ command, failures }) => commandOf(command, failures))
  return {
    stateHash: otherHashes ? `3NLother${stateHash.slice(8)}` : stateHash,
    protocolState: {
      previousStateHash: otherHashes ? `3NLother${previousStateHash.slice(8)}` : previousStateHash,
      blockchainState: { date: `${Date.parse(GENESIS) + slot * SLOT_MS}`, utcDate: `${madeMs - lateMs}` },
      consensusState: { blockHeight: `${height}`, slotSinceGenesis: `${slot}`, slot: `${slot % 7140}`, epoch: `${Math.floor(slot / 7140)}` }
    },
    transactions: { userCommands: () => of('payment'), zkappCommands: () => of('zkapp') }
  }
}

/** Of zkApp commands each failing update, its index 0 the fee payer; of payments a text. */
export function commandOf (command: Command, failures: Included['failures']): Type {
  const { hash, sender, fee, nonce, validUntil } = command
  if (command.kind === 'payment') {
    const { to, amount, memo } = command.payment
    return {
      id: hash, hash, kind: 'PAYMENT', nonce, fee: `${fee}`, amount: `${amount}`, memo, from: sender, to, isDelegation: false,
      source: { publicKey: sender }, receiver: { publicKey: to }, feePayer: { publicKey: sender }, validUntil: `${validUntil}`,
      failureReason: failures?.flat()[0] ?? null
    }
  }
  const { zkapp } = command
  return {
    id: hash,
    hash,
    zkappCommand: {
      memo: zkapp.memo,
      feePayer: { authorization: zkapp.feePayer.authorization, body: { ...zkapp.feePayer.body } },
      accountUpdates: zkapp.accountUpdates.map(update => ({
        body: {
          publicKey: update.body.publicKey,
          tokenId: update.body.tokenId,
          callDepth: update.body.callDepth,
          balanceChange: { ...update.body.balanceChange },
          authorizationKind: { ...update.body.authorizationKind }
        }
      }))
    },
    failureReason: failures?.flatMap((found, index) => found.length === 0 ? [] : [{ index: `${index}`, failures: found }]) ?? null
  }
}

function accountOf (account: AccountJson, network: Network): Type {
  const { publicKey, tokenId, balance, nonce, permissions, timing, zkapp, delegate } = account
  const pending = network.pool.waiting(publicKey).length
  const key = zkapp?.verificationKey
  return {
    publicKey,
    token: tokenId,
    tokenId,
    tokenSymbol: account.tokenSymbol,
    balance: { total: balance, liquid: balance, locked: '0', blockHeight: `${network.tip.height}`, stateHash: network.tip.stateHash },
    nonce,
    inferredNonce: `${Number(nonce) + pending}`,
    receiptChainHash: account.receiptChainHash,
    delegateAccount: delegate === null ? null : { publicKey: delegate },
    votingFor: account.votingFor,
    timing: timing.isTimed
      ? {
        initialMinimumBalance: timing.initialMinimumBalance, cliffTime: timing.cliffTime, cliffAmount: timing.cliffAmount,
        vestingPeriod: timing.vestingPeriod, vestingIncrement: timing.vestingIncrement
      }
      : { initialMinimumBalance: null, cliffTime: null, cliffAmount: null, vestingPeriod: null, vestingIncrement: null },
    permissions: { ...permissions, setVerificationKey: { ...permissions.setVerificationKey } },
    zkappState: zkapp?.appState ?? null,
    verificationKey: key === null || key === undefined ? null : { hash: key.hash, verificationKey: key.data },
    actionState: zkapp?.actionState ?? null,
    provedState: zkapp?.provedState ?? null,
    zkappUri: zkapp?.zkappUri ?? null
  }
}

function text (value: unknown): string {
  return typeof value === 'string' ? value : ''
}
