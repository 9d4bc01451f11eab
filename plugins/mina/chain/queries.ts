/** What is asked of a node in GraphQL, and how the answers are read. Names are those of the daemon's schema. */
import { z } from 'zod'

/** The permissions of an account, and what the one of its code was set under. */
type Permissions = Readonly<Record<string, string>> & { readonly setVerificationKey: string }

export interface ChainAccount {
  address: string
  /** nanomina. */
  balance: bigint
  nonce: number
  /** With what the node knows of transactions that are not in a block yet. */
  inferredNonce: number
  /** Undefined: no zkApp. */
  state: bigint[] | undefined
  /** Of its code. */
  codeHash: string | undefined
  permissions: Permissions | undefined
  /** The version of transactions that `setVerificationKey` was set under. */
  txnVersion: number | undefined
  /** Whether some of the balance cannot be spent before a time. */
  isTimed: boolean
}

/** A transaction in a block. */
export interface Command {
  hash: string
  kind: 'payment' | 'zkapp'
  feePayer: string
  nonce: number
  fee: bigint
  isFailed: boolean
  /** Every account that it may have changed. */
  touches: readonly string[]
}

export interface Block {
  hash: string
  height: number
  /** Since the beginning of the chain. */
  slot: number
  /** The time of its slot, ms since the epoch. */
  dateMs: number
  commands: Command[]
}

const Text = z.union([z.string().regex(/^\d{1,80}$/), z.int().min(0)]).transform(String)
const Whole = z.union([z.string().regex(/^\d{1,10}$/), z.int().min(0)]).transform(Number)
const Moment = z.union([z.string().regex(/^\d{1,15}$/), z.int().min(0)]).transform(Number)
const Key = z.object({ publicKey: z.string() })

export const START_QUERY = `query { networkID daemonStatus { chainId consensusConfiguration { slotDuration k } }
  genesisConstants { accountCreationFee } runtimeConfig }`

export const InfoAnswer = z.object({
  networkID: z.string(),
  daemonStatus: z.object({ chainId: z.string().min(1), consensusConfiguration: z.object({ slotDuration: z.int().min(1), k: z.int() }) }),
  genesisConstants: z.object({ accountCreationFee: Text }).nullable(),
  runtimeConfig: z.unknown()
})

const PERMISSION_NAMES = ['editState', 'send', 'receive', 'access', 'setDelegate', 'setPermissions', 'setZkappUri', 'editActionState', 'setTokenSymbol', 'incrementNonce',
  'setVotingFor', 'setTiming'] as const

export const ACCOUNT_FIELDS = `balance { total } nonce inferredNonce zkappState verificationKey { hash }
  permissions { ${PERMISSION_NAMES.join(' ')} setVerificationKey { auth txnVersion } }
  timing { initialMinimumBalance vestingPeriod }`

export const AccountAnswer = z.object({
  balance: z.object({ total: Text }),
  nonce: Whole.nullable(),
  inferredNonce: Whole.nullish(),
  zkappState: z.array(Text).nullable(),
  verificationKey: z.object({ hash: z.string() }).nullable(),
  permissions: z.object({
    ...Object.fromEntries(PERMISSION_NAMES.map(name => [name, z.string()])) as Record<typeof PERMISSION_NAMES[number], z.ZodString>,
    setVerificationKey: z.object({ auth: z.string(), txnVersion: Whole })
  }).nullable(),
  timing: z.object({ initialMinimumBalance: Text.nullish(), vestingPeriod: Text.nullish() }).nullish()
})

export function accountOf (address: string, answer: z.output<typeof AccountAnswer>): ChainAccount {
  const { balance, nonce, inferredNonce, zkappState, verificationKey, permissions, timing } = answer
  const { setVerificationKey, ...others } = permissions ?? {}
  return {
    address,
    balance: BigInt(balance.total),
    nonce: nonce ?? 0,
    inferredNonce: inferredNonce ?? nonce ?? 0,
    state: zkappState?.map(BigInt),
    codeHash: verificationKey?.hash,
    permissions: setVerificationKey === undefined ? undefined
      : lowered({ ...others, setVerificationKey: setVerificationKey.auth }),
    txnVersion: setVerificationKey?.txnVersion,
    isTimed: (timing?.initialMinimumBalance ?? '0') !== '0' || (timing?.vestingPeriod ?? null) !== null
  }
}

/** Nodes write `Proof`, o1js `proof`. */
function lowered (permissions: Record<string, string> & { setVerificationKey: string }): Permissions {
  const entries = Object.entries(permissions).map(([name, value]) => [name, value.toLowerCase()])
  return { ...Object.fromEntries(entries) as Record<string, string>, setVerificationKey: permissions.setVerificationKey.toLowerCase() }
}

export const BLOCK_FIELDS = `stateHash protocolState { blockchainState { utcDate } consensusState { blockHeight slotSinceGenesis } }
  transactions {
    userCommands { hash nonce fee failureReason source { publicKey } receiver { publicKey } }
    zkappCommands { hash failureReason { failures } zkappCommand { feePayer { body { publicKey fee nonce } } accountUpdates { body { publicKey } } } }
  }`

export const BlockAnswer = z.object({
  stateHash: z.string(),
  protocolState: z.object({
    blockchainState: z.object({ utcDate: Moment }),
    consensusState: z.object({ blockHeight: Whole, slotSinceGenesis: Whole })
  }),
  transactions: z.object({
    userCommands: z.array(z.object({
      hash: z.string(), nonce: Whole, fee: Text, failureReason: z.string().nullish(), source: Key, receiver: Key
    })),
    zkappCommands: z.array(z.object({
      hash: z.string(),
      failureReason: z.array(z.object({ failures: z.array(z.string()) }).nullable()).nullish(),
      zkappCommand: z.object({
        feePayer: z.object({ body: z.object({ publicKey: z.string(), fee: Text, nonce: Whole }) }),
        accountUpdates: z.array(z.object({ body: Key }))
      })
    }))
  })
})

export function blockOf ({ stateHash, protocolState, transactions }: z.output<typeof BlockAnswer>): Block {
  const { blockchainState: { utcDate: dateMs }, consensusState: { blockHeight: height, slotSinceGenesis: slot } } = protocolState
  const payments = transactions.userCommands.map(({ hash, nonce, fee, failureReason, source, receiver }): Command => ({
    hash,
    kind: 'payment',
    feePayer: source.publicKey,
    nonce,
    fee: BigInt(fee),
    isFailed: (failureReason ?? null) !== null,
    touches: [source.publicKey, receiver.publicKey]
  }))
  const zkapps = transactions.zkappCommands.map(({ hash, failureReason, zkappCommand }): Command => {
    const { feePayer: { body }, accountUpdates } = zkappCommand
    return {
      hash,
      kind: 'zkapp',
      feePayer: body.publicKey,
      nonce: body.nonce,
      fee: BigInt(body.fee),
      isFailed: (failureReason?.length ?? 0) > 0,
      touches: [...new Set([body.publicKey, ...accountUpdates.map(({ body: { publicKey } }) => publicKey)])]
    }
  })
  return { hash: stateHash, height, slot, dateMs, commands: [...payments, ...zkapps] }
}

export const POOL_QUERY = 'query { pooledZkappCommands { zkappCommand { feePayer { body { fee } } } } }'
export const PoolAnswer = z.object({
  pooledZkappCommands: z.array(z.object({ zkappCommand: z.object({ feePayer: z.object({ body: z.object({ fee: Text }) }) }) }))
})

export const SentAnswer = z.object({
  sendPayment: z.object({ payment: z.object({ hash: z.string() }).nullish() }).nullish(),
  sendZkapp: z.object({ zkapp: z.object({ hash: z.string() }).nullish() }).nullish()
})
