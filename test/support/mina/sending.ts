/** `sendPayment` and `sendZkapp`: what a daemon checks before it takes a command into its pool, in its order, and how it says no. */
import { createHash } from 'node:crypto'
import { Transaction, ZkappPublicInput, verify } from 'o1js'
import { withDummyProofs, type Checker } from './contract-check.js'
import type { Faults } from './faults.js'
import { GraphQLError, type Arguments, type Type } from './graphql.js'
import type { ChainLedger } from './ledger.js'
import type { Network } from './network.js'
import { hashOfPayment, isSignedPayment } from './payments.js'
import { commandOf } from './schema.js'
import { MAX_SLOT, type Command, type Payment, type ZkappCommand } from './types.js'

/** `minimum_user_command_fee`: 0.001 MINA. */
const LEAST_FEE = 1_000_000n
/** What a zkApp command may cost the network to prove: 10.26 a proof, 10.08 a pair of other updates, 9.14 a single one. */
const COST_LIMIT = 69.45

export interface Door {
  network: Network
  faults: Faults
  /** Undefined: proofs are real, and verified. */
  checker: Checker | undefined
  /** A ledger without accounts, whose code checks signatures before it looks for the fee payer. */
  signatures: ChainLedger
}

export function mutationOf (door: Door): Type {
  return {
    sendPayment: ({ input, signature }: Arguments) => ({ payment: commandOf(takePayment(door, input, signature), undefined) }),
    sendZkapp: async ({ input }: Arguments) => {
      const { zkappCommand } = input as { zkappCommand: ZkappCommand }
      return { zkapp: commandOf(await takeZkapp(door, zkappCommand), undefined) }
    }
  }
}

function takePayment (door: Door, input: unknown, signature: unknown): Command {
  const payment = paymentOf(input as Record<string, unknown>)
  const { network } = door
  const signed = signature as { field?: string, scalar?: string } | undefined
  const parts = { field: signed?.field ?? '', scalar: signed?.scalar ?? '' }
  const nonce = Number(network.account(payment.from)?.nonce ?? 0)
  const inferred = nonce + network.pool.waiting(payment.from).length
  const refuses = (reason: string): never => { throw new GraphQLError(`Couldn't send user command: ${reason}`) }
  if (payment.fee < LEAST_FEE) refuses(`Invalid user command. Fee ${payment.fee} is less than the minimum fee, ${LEAST_FEE}.`)
  if (network.account(payment.from) === undefined) refuses("Couldn't infer nonce for transaction from specified `sender` since `sender` is not in the ledger")
  if (payment.nonce < nonce || payment.nonce > inferred) {
    refuses(`Input nonce ${payment.nonce} either different from inferred nonce ${inferred} or below minimum_nonce ${nonce}`)
  }
  if (!isSigned(payment, parts)) refuses('Invalid_signature')
  if (!network.canPay(payment.from)) refuses(`(stand-in) it can only carry out payments of accounts whose private key it has: chain.fund(privateKey, …), not ${payment.from}`)
  const command: Command = {
    kind: 'payment', hash: hashOfPayment(payment, parts), sender: payment.from, fee: payment.fee, nonce: payment.nonce, validUntil: payment.validUntil,
    consumed: payment.amount + payment.fee, payment
  }
  return enter(door, command, 'user command')
}

function isSigned (payment: Payment, signature: { field: string, scalar: string }): boolean {
  try {
    return isSignedPayment(payment, signature)
  } catch {
    return false
  }
}

function paymentOf (input: Record<string, unknown>): Payment {
  const number = (value: unknown): bigint => BigInt(value as string | number)
  return {
    from: String(input.from), to: String(input.to), amount: number(input.amount), fee: number(input.fee), nonce: Number(input.nonce),
    validUntil: input.validUntil === undefined || input.validUntil === null ? MAX_SLOT : Number(input.validUntil), memo: typeof input.memo === 'string' ? input.memo : ''
  }
}

async function takeZkapp (door: Door, zkapp: ZkappCommand): Promise<Command> {
  const { network, checker } = door
  const refuses = (reason: string): never => { throw new GraphQLError(`Couldn't send zkApp command: ${reason}`) }
  const { publicKey: sender, fee, nonce, validUntil } = zkapp.feePayer.body
  if (BigInt(fee) < LEAST_FEE) refuses('(invalid Insufficient_fee)')
  if (costOf(zkapp) >= COST_LIMIT) refuses('(invalid "zkapp transaction too expensive")')
  for (const { body: { authorizationKind: kind, publicKey }, authorization: { proof, signature } } of zkapp.accountUpdates) {
    const given = typeof proof === 'string' ? 'Proof' : typeof signature === 'string' ? 'Signature' : 'None_given'
    const expected = kind.isProved ? 'Proof' : kind.isSigned ? 'Signature' : 'None_given'
    if (given !== expected) refuses(`(invalid ("Authorization kind does not match the authorization" ((expected ${expected}) (got ${given}))))`)
    if (!kind.isProved) continue
    if (network.account(publicKey)?.zkapp?.verificationKey?.hash !== kind.verificationKeyHash) {
      refuses('Stale verification key detected. Please make sure that deployed verification key reflects latest zkApp changes.')
    }
  }
  const ledgerForm = checker === undefined ? zkapp : withDummyProofs(zkapp)
  const checked = door.signatures.apply(ledgerForm, { slot: 1, height: 1 })
  if (checked.kind === 'unfit' && checked.reason.includes('Check signature')) refuses(`(Verification_failed "Invalid_signature: ${checked.reason}")`)
  const proves = zkapp.accountUpdates.some(({ body }) => body.authorizationKind.isProved)
  if (proves && network.refusesProofs) refuses('(Verification_failed Invalid_proof)')
  const fault = checker === undefined ? await faultOfProofs(zkapp, network) : await checker.faultOf(zkapp)
  if (fault !== undefined) refuses(`(Verification_failed Invalid_proof) (stand-in: ${fault})`)
  const command: Command = {
    kind: 'zkapp', hash: `5J${hex(JSON.stringify(zkapp)).slice(0, 50)}`, sender, fee: BigInt(fee), nonce: Number(nonce),
    validUntil: validUntil === null ? MAX_SLOT : Number(validUntil), consumed: BigInt(fee), zkapp, ledgerForm
  }
  return enter(door, command, 'zkApp command')
}

function enter ({ network, faults }: Door, command: Command, what: string): Command {
  if (faults.forgets > 0) {
    faults.forgets--
    return command
  }
  const refusal = network.submit(command)
  if (refusal !== undefined) throw new GraphQLError(`Couldn't send ${what}: [\"${refusal}\"]`)
  return command
}

function costOf ({ accountUpdates }: ZkappCommand): number {
  let [cost, singles] = [0, 1] // the fee payer is the first of a pair
  for (const { body: { authorizationKind } } of accountUpdates) {
    if (authorizationKind.isProved) {
      cost += 10.26 + (singles === 1 ? 9.14 : 0)
      singles = 0
    } else if (++singles === 2) {
      cost += 10.08
      singles = 0
    }
  }
  return cost + (singles === 1 ? 9.14 : 0)
}

async function faultOfProofs (zkapp: ZkappCommand, network: Network): Promise<string | undefined> {
  if (!zkapp.accountUpdates.some(({ body }) => body.authorizationKind.isProved)) return undefined
  const sent = Transaction.fromJSON(zkapp as never).transaction
  for (const [i, { body, authorization: { proof } }] of zkapp.accountUpdates.entries()) {
    if (!body.authorizationKind.isProved) continue
    const key = network.account(body.publicKey)?.zkapp?.verificationKey?.data
    const publicInput = ZkappPublicInput.toFields(sent.accountUpdates[i]!.toPublicInput(sent)).map(String)
    const isRight = key !== undefined && await verify({ maxProofsVerified: 2, proof: proof ?? '', publicInput, publicOutput: [] }, key).catch(() => false)
    if (!isRight) return `the proof of update ${i} is wrong`
  }
  return undefined
}

function hex (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
