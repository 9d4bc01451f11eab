/** What a key is on the XRP Ledger: the account that it signs for, and transactions that are signed with it. */
import { createHash } from 'node:crypto'
import { deriveAddress, encode, encodeForSigning, hashes, verifyKeypairSignature, Wallet } from 'xrpl'
import type { SubmittableTransaction } from 'xrpl'
import type { PluginServices } from '../../../src/contracts/plugin.js'
import type { Signer } from '../../../src/contracts/signer.js'
import { vaultKeyIn } from '../../lib/keys/key-id.js'
import { openVaultKey } from '../../lib/keys/open.js'
import type { KeySource } from '../../lib/keys/open.js'
import { rawSigner } from '../../lib/keys/raw.js'
import { derOf } from '../../lib/keys/secp256k1.js'
import { sessionSecret } from '../../lib/keys/session-secret.js'
import { walletKey } from '../../lib/keys/wallet.js'
import { seedIn } from '../base58.js'
import { CURVES } from '../formats.js'
import { walletPlace } from '../wallet.js'
import type { Call } from './operations.js'

/** Ends a channel, or begins to. The flag beside it, 0x00010000, takes that back. Source: xrpl.org, "PaymentChannelClaim flags". */
const CLOSE = 0x00020000
/** Networks above name themselves in transactions; others must not. Source: xrpl.org, "NetworkID". */
const LAST_UNNAMED_NETWORK = 1024

const STATEMENT = /^([0-9A-F]{66}):([0-9A-F]{128,144})$/

export class XrpKey {
  /** `r...` */
  readonly address: string
  readonly #signer: Signer
  /** As the ledger writes it: with `ED` in front, or compressed. */
  readonly #publicKey: string

  constructor (signer: Signer) {
    this.#signer = signer
    this.#publicKey = `${signer.curve === 'ed25519' ? 'ED' : ''}${signer.publicKey.toString('hex').toUpperCase()}`
    this.address = deriveAddress(this.#publicKey)
  }

  get trouble (): string | undefined {
    return this.#signer.trouble
  }

  /** Of secp256k1 the ledger checks signatures of the first half of SHA-512, in DER. Source: xrpl.org, "Signing Algorithms". */
  async sign (transaction: SubmittableTransaction): Promise<{ blob: string, hash: string }> {
    const ready = { ...transaction, SigningPubKey: this.#publicKey }
    const blob = encode({ ...ready, TxnSignature: await this.#signed(Buffer.from(encodeForSigning(ready), 'hex')) })
    return { blob, hash: hashes.hashSignedTx(blob) }
  }

  /** The public key, a colon, and the signature: an address does not say what its key is. */
  async signStatement (text: string): Promise<string> {
    return `${this.#publicKey}:${await this.#signed(statementBytes(text))}`
  }

  verifyStatement (text: string, address: string, signature: string): boolean {
    const [, publicKey = '', signed = ''] = STATEMENT.exec(signature) ?? []
    try {
      return deriveAddress(publicKey) === address && verifyKeypairSignature(statementBytes(text).toString('hex'), signed, publicKey)
    } catch {
      return false // no key, or no signature
    }
  }

  async #signed (bytes: Buffer): Promise<string> {
    const signature = this.#signer.curve === 'ed25519' ? await this.#signer.sign(bytes) : derOf(await this.#signer.sign(halfOfSha512(bytes)))
    return signature.toString('hex').toUpperCase()
  }
}

/** What the ledger knows begins with `STX`, `SMT`, `CLM` or the like, and a zero. Source: xrpl.org, "Hash Prefixes". */
function statementBytes (text: string): Buffer {
  return Buffer.from(`SLUICE SAYS\0${text}`)
}

type KeyServices = Pick<PluginServices, 'store' | 'log'>

/** Who signs, and what the keys are derived from that claims are signed with. */
export interface XrpKeys {
  key: XrpKey
  claimSecret: Buffer
}

/** Both of a `keyId`, wherever it is. Rejects with words without secrets, when they cannot be used now. */
export async function openKeys ({ keyId, vault, socksProxy }: KeySource, network: number, { store, log }: KeyServices): Promise<XrpKeys> {
  const inVault = vaultKeyIn(keyId)
  if (inVault === undefined) return keysOf(keyId)
  const key = new XrpKey(await openVaultKey({ key: inVault, settings: vault, socksProxy, curves: CURVES, log }))
  return { key, claimSecret: await sessionSecret(store, `xrp:session:${network}:${key.address}`) }
}

/**
 * Both of a `keyId`: of the wallet, where an account has a private key and no seed of its own, or of the seed of an account.
 * @throws Error without secrets
 */
export function keysOf (keyId: string): XrpKeys {
  const derived = walletKey(keyId, walletPlace)
  if (derived === undefined) return rawKeysOf(keyId)
  return { key: new XrpKey(rawSigner(walletPlace.curve, derived.privateKey)), claimSecret: derived.privateKey }
}

/** Both of the seed of an account. @throws Error that never repeats it, when it is none */
export function rawKeysOf (keyId: string): XrpKeys {
  const seed = seedIn(keyId)
  if (seed === undefined) throw new Error('keyId is not the seed of an account: s... or sEd... is expected')
  const { privateKey } = Wallet.fromSeed(keyId)
  const curve = privateKey.startsWith('ED') ? 'ed25519' : 'secp256k1' // a byte in front of the 32 of the key says it
  return { key: new XrpKey(rawSigner(curve, Buffer.from(privateKey.slice(2), 'hex'))), claimSecret: seed.entropy }
}

function halfOfSha512 (bytes: Buffer): Buffer {
  return createHash('sha512').update(bytes).digest().subarray(0, 32)
}

/** What every transaction says. */
export interface Envelope {
  address: string
  network: number
  sequence: number
  /** Drops. */
  fee: bigint
  /** The last ledger that may have it. */
  last: number
}

/** @param claimKey the key of the channel that a `create` opens */
export function transactionOf (
  call: Call, envelope: Envelope, claimKey: (peer: string, sequence: number) => string
): SubmittableTransaction {
  const { address, network, sequence, fee, last } = envelope
  const common = {
    Account: address,
    Sequence: sequence,
    Fee: String(fee),
    LastLedgerSequence: last,
    ...network > LAST_UNNAMED_NETWORK ? { NetworkID: network } : {}
  }
  switch (call.type) {
  case 'create': return {
    ...common,
    TransactionType: 'PaymentChannelCreate',
    Destination: call.peer,
    ...call.tag === undefined ? {} : { DestinationTag: call.tag },
    Amount: call.amount,
    SettleDelay: call.delay,
    PublicKey: claimKey(call.peer, sequence)
  }
  case 'fund': return { ...common, TransactionType: 'PaymentChannelFund', Channel: call.channelId, Amount: call.amount }
  case 'claim': return {
    ...common,
    TransactionType: 'PaymentChannelClaim',
    Channel: call.channelId,
    ...call.claim === undefined ? {} : {
      Balance: call.claim.total, Amount: call.claim.total, Signature: call.claim.signature, PublicKey: call.claim.publicKey
    },
    Flags: call.ends ? CLOSE : 0
  }
  case 'close': return { ...common, TransactionType: 'PaymentChannelClaim', Channel: call.channelId, Flags: CLOSE }
  case 'settle': return { ...common, TransactionType: 'PaymentChannelClaim', Channel: call.channelId }
  }
}
