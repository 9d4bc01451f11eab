/** Parties on the stand-in's ledger that sign what they are told to, also what no honest library would. */
import { createPrivateKey, sign } from 'node:crypto'
import { Client, encode, encodeForSigning, RippledError, Wallet, type SubmitRequest, type SubmitResponse } from 'xrpl'
import { startRippled, type Rippled, type RippledOptions } from './index.js'
import { claimMessage } from './signatures.js'

/** DER of a private key of RFC 8410, up to the 32 bytes of the seed. */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
export const XRP = 1_000_000n
/** What a party has in the beginning. */
export const RICHES = 1000n * XRP

type Fields = Readonly<Record<string, unknown>>
export type SubmitResult = SubmitResponse['result']

/** A signature by the Ed25519 key of a wallet. @param message hex */
function signBytes ({ privateKey }: Wallet, message: string): string {
  const der = Buffer.concat([ED25519_PKCS8, Buffer.from(privateKey.slice(2), 'hex')])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return sign(null, Buffer.from(message, 'hex'), key).toString('hex').toUpperCase()
}

/** Signs a transaction without a look at what it says. */
export function signedBlob (wallet: Wallet, fields: Fields): string {
  const tx = { ...fields, SigningPubKey: wallet.publicKey } as unknown as Parameters<typeof encodeForSigning>[0]
  const signature = signBytes(wallet, encodeForSigning(tx))
  return encode({ ...tx, TxnSignature: signature })
}

/** What the source of a channel gives to its destination. @param drops in all */
export function signedClaim (key: Wallet, channel: string, drops: bigint): string {
  return signBytes(key, claimMessage(channel, drops))
}

/** A stand-in, a client, and three accounts with money. */
export interface LedgerWorld {
  readonly rippled: Rippled
  readonly client: Client
  readonly payer: Wallet
  readonly payee: Wallet
  readonly stranger: Wallet
  /** Signs and submits; sequence, fee and network id are right unless the fields say otherwise. */
  send (wallet: Wallet, fields: Fields): Promise<SubmitResult>
  /** As `send`, and closes a ledger. @returns the final result, or the one of `submit` when it is in no ledger */
  settle (wallet: Wallet, fields: Fields): Promise<string>
  /** Blob of a transaction that `send` would submit. */
  blobOf (wallet: Wallet, fields: Fields): string
  /** The whole answer to a request, good or bad; in version 2 unless the fields say otherwise. */
  ask (fields: Fields): Promise<Record<string, unknown>>
  stop (): Promise<void>
}

export async function startLedgerWorld (options: RippledOptions = {}): Promise<LedgerWorld> {
  const [payer, payee, stranger] = [Wallet.generate(), Wallet.generate(), Wallet.generate()]
  const accounts = { [payer.address]: RICHES, [payee.address]: RICHES, [stranger.address]: RICHES }
  const rippled = await startRippled({ accounts, ...options })
  const client = new Client(rippled.url)
  await client.connect()
  const { networkId } = rippled.network.options
  const blobOf = (wallet: Wallet, fields: Fields): string => signedBlob(wallet, {
    Account: wallet.address,
    Sequence: rippled.network.sequencesOf(wallet.address).available,
    Fee: rippled.network.fees.base.toString(),
    ...networkId > 1024 ? { NetworkID: networkId } : {},
    ...fields
  })
  const submitBlob = async (blob: string): Promise<SubmitResult> => (await client.request({ command: 'submit', tx_blob: blob })).result
  return {
    rippled, client, payer, payee, stranger, blobOf,
    send: (wallet, fields) => submitBlob(blobOf(wallet, fields)),
    async settle (wallet, fields) {
      const { engine_result: early, tx_json: { hash } } = await submitBlob(blobOf(wallet, fields))
      rippled.closeLedger()
      return rippled.network.transaction(hash ?? '')?.result ?? early
    },
    async ask (fields) {
      try {
        return { ...await client.request(fields as unknown as SubmitRequest) }
      } catch (error) {
        if (error instanceof RippledError) return { ...error.data as object }
        throw error
      }
    },
    async stop () {
      await client.disconnect()
      await rippled.stop()
    }
  }
}
