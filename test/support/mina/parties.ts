/** Parties of tests on the stand-in for Mina: keys, questions, and commands as a node would send them. */
import Client from 'mina-signer'
import { Field, PublicKey, Signature, UInt64 } from 'o1js'
import { claimFields, domainOf } from '../../../plugins/mina/contract/channel.js'
import type { Claim, ProverJob } from '../../../plugins/mina/prover/jobs.js'
import { Prover } from '../../../plugins/mina/prover/prover.js'
import { SILENT_LOG } from '../../../src/contracts/logger.js'
import { startMina, type MinaOptions, type MinaStandIn } from './index.js'
import { MAX_SLOT, type ZkappCommand } from './types.js'

export const MINA = 1_000_000_000n
export const FEE = 100_000_000n
const CHAIN_ID = 'mina:devnet'
export const CHALLENGE_SLOTS = 480
const FUNDS = 100n * MINA
const signer = new Client({ network: 'devnet' })

export interface Party { privateKey: string, publicKey: string }

export interface Sending {
  fee?: bigint
  nonce?: number
  validUntil?: number
  /** Whose keys sign besides the sender's. */
  also?: Party[]
  /** Changes the command after it was made and before it is signed. */
  edit?: (command: ZkappCommand) => void
}

interface Shown {
  balance: { total: string }
  nonce: string
  inferredNonce: string
  zkappState: string[] | null
  verificationKey: { hash: string } | null
}

interface ShownCommand { hash: string, failureReason: Array<{ index: string, failures: string[] }> | string | null }

export interface ShownBlock {
  stateHash: string
  protocolState: { previousStateHash: string, consensusState: { blockHeight: string, slotSinceGenesis: string } }
  transactions: { userCommands: ShownCommand[], zkappCommands: ShownCommand[] }
}

export interface WorldOptions extends MinaOptions {
  /** For compiled circuits. */
  cacheDir?: string
}

/** What a client of GraphQL gets: the data, or the text of the first error. */
export async function askMina<T> (url: string, query: string, variables: object = {}): Promise<T> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }) })
  const { data, errors } = await response.json() as { data: T, errors?: Array<{ message: string }> }
  if (errors?.[0] !== undefined) throw new Error(errors[0].message)
  return data
}

/** A payer and a payee with money, a chain, and a prover without proofs. */
export class MinaWorld {
  readonly payer: Party = signer.genKeys()
  readonly payee: Party = signer.genKeys()
  readonly prover: Prover

  private constructor (readonly chain: MinaStandIn, { proofs = false, cacheDir = '' }: WorldOptions) {
    this.prover = new Prover({ cacheDir, timeoutMs: 300_000, maxRssMb: 3000, idleMs: 60_000, log: SILENT_LOG, proofs })
  }

  static async start (options: WorldOptions = {}): Promise<MinaWorld> {
    const world = new MinaWorld(await startMina(options), options)
    await world.reset()
    return world
  }

  /** New parties with money, so that tests of a file do not meet. */
  async reset (): Promise<void> {
    Object.assign(this, { payer: signer.genKeys(), payee: signer.genKeys() })
    await this.chain.conditions({ crowded: false, slotsPerBlock: 1, poolSize: 3000, slotTxEnd: null, slotChainEnd: null })
    await this.chain.faults({})
    for (const { privateKey } of [this.payer, this.payee]) await this.chain.fund(privateKey, FUNDS)
  }

  async stop (): Promise<void> {
    this.prover.stop()
    await this.chain.stop()
  }

  async account (address: string, url = this.chain.url): Promise<Shown | undefined> {
    const query = 'query ($key: PublicKey!) { account(publicKey: $key) { balance { total } nonce inferredNonce zkappState verificationKey { hash } } }'
    const { account } = await askMina<{ account: Shown | null }>(url, query, { key: address })
    return account ?? undefined
  }

  async balance (address: string): Promise<bigint> {
    return BigInt((await this.account(address))?.balance.total ?? 0)
  }

  async blocks (count = 1, url = this.chain.url): Promise<ShownBlock[]> {
    const command = '{ hash failureReason { index failures } }'
    const { bestChain } = await askMina<{ bestChain: ShownBlock[] }>(url, `{ bestChain(maxLength: ${count}) {
      stateHash protocolState { previousStateHash consensusState { blockHeight slotSinceGenesis } }
      transactions { userCommands { hash failureReason } zkappCommands ${command} }
    } }`)
    return bestChain
  }

  /** @returns the hash. Rejects with what the node says */
  async pay (from: Party, to: string, amount: bigint, { fee = FEE, nonce, validUntil = MAX_SLOT }: Sending = {}): Promise<string> {
    const payment = { from: from.publicKey, to, amount, fee, nonce: nonce ?? await this.nonceOf(from), memo: '', validUntil }
    const { signature } = signer.signPayment(payment, from.privateKey)
    return this.sendPayment({ ...payment, amount: `${amount}`, fee: `${fee}` }, signature)
  }

  async sendPayment (input: object, signature: object): Promise<string> {
    const mutation = `mutation ($input: SendPaymentInput!, $signature: SignatureInput) {
      sendPayment(input: $input, signature: $signature) { payment { hash } }
    }`
    const { sendPayment } = await askMina<{ sendPayment: { payment: { hash: string } } }>(this.chain.url, mutation, { input, signature })
    return sendPayment.payment.hash
  }

  /** Makes the command of a job, signs and sends it. @returns the hash. Rejects with what the prover or the node says */
  async send (job: ProverJob, sender: Party, sending: Sending = {}): Promise<string> {
    return this.sendCommand(await this.prover.prove(job, 1), sender, sending)
  }

  async sendCommand (json: string, sender: Party, sending: Sending = {}): Promise<string> {
    const { fee = FEE, nonce, validUntil, also = [], edit } = sending
    let zkappCommand = JSON.parse(json) as ZkappCommand
    edit?.(zkappCommand)
    const feePayer = { feePayer: sender.publicKey, fee, nonce: nonce ?? await this.nonceOf(sender), memo: '', validUntil: validUntil ?? null }
    for (const { privateKey } of [...also, sender]) {
      zkappCommand = signer.signZkappCommand({ zkappCommand: zkappCommand as never, feePayer }, privateKey).data.zkappCommand
    }
    const mutation = 'mutation ($input: SendZkappInput!) { sendZkapp(input: $input) { zkapp { hash } } }'
    const { sendZkapp } = await askMina<{ sendZkapp: { zkapp: { hash: string } } }>(this.chain.url, mutation, { input: { zkappCommand } })
    return sendZkapp.zkapp.hash
  }

  /** A channel from the payer to the payee, in a block. @returns its key */
  async open (deposit = 10n * MINA): Promise<Party> {
    const channel: Party = signer.genKeys()
    await this.send(this.opening(channel, deposit), this.payer, { also: [channel] })
    await this.chain.block()
    return channel
  }

  opening (channel: Party, deposit: bigint): ProverJob {
    return {
      kind: 'open', address: channel.publicKey, payer: this.payer.publicKey, payee: this.payee.publicKey, chainId: CHAIN_ID,
      challengeSlots: CHALLENGE_SLOTS, deposit, exists: false
    }
  }

  async at ({ publicKey: address }: Party): Promise<{ address: string, state: string[] }> {
    const state = (await this.account(address))?.zkappState
    if (state === null || state === undefined) throw new Error(`${address} is no channel`)
    return { address, state }
  }

  claim ({ publicKey }: Party, amount: bigint, signedBy = this.payer): Claim {
    const address = PublicKey.fromBase58(publicKey)
    const fields = claimFields(address, domainOf(CHAIN_ID, address), UInt64.from(amount), Field(1)).map(field => field.toBigInt())
    const signed = Signature.fromBase58(signer.signFields(fields, signedBy.privateKey).signature)
    return { amount, nonce: 1n, signature: { r: signed.r.toString(), s: signed.s.toBigInt().toString() } }
  }

  private async nonceOf ({ publicKey }: Party): Promise<number> {
    return Number((await this.account(publicKey))?.inferredNonce ?? 0)
  }
}

export function newKeys (): Party {
  return signer.genKeys()
}
