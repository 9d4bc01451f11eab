/**
 * What the stand-in checks instead of a proof: it runs the contract's method with the private inputs that stand in the proof's place, and
 * compares the public input of what comes out, the hash of the update with all updates below it, with that of the command. So a command is
 * taken if, and only if, a proof for it could be made; what the contract forbids cannot be in a block with proofs off either.
 */
import { Field, Mina, PrivateKey, PublicKey, Signature, TokenId, Transaction, UInt32, UInt64, ZkappPublicInput } from 'o1js'
import { Channel } from '../../../plugins/mina/contract/channel.js'
import { instanceWith } from '../../../plugins/mina/prover/local-instance.js'
import type { Unproven } from '../../../plugins/mina/prover/unproven.js'
import { DUMMY_PROOF } from './dummy-proof.js'
import type { Update, ZkappCommand } from './types.js'

/** The command with proofs that the ledger can parse, which it does not verify. */
export function withDummyProofs (command: ZkappCommand): ZkappCommand {
  return {
    ...command,
    accountUpdates: command.accountUpdates.map(update =>
      update.body.authorizationKind.isProved ? { ...update, authorization: { proof: DUMMY_PROOF, signature: null } } : update)
  }
}

export interface Checker {
  /** @returns what is wrong with the stand-ins for proofs, undefined if nothing */
  faultOf (command: ZkappCommand): Promise<string | undefined>
}

/**
 * Needs an instance of Mina of its own for a moment: calls must not overlap with others that use `Mina`, and do not overlap with each
 * other.
 */
export async function startChecker (): Promise<Checker> {
  const chain = await Mina.LocalBlockchain({ proofsEnabled: false })
  const sender = PrivateKey.random().toPublicKey()
  let last = Promise.resolve<unknown>(undefined)

  async function rerun (update: Update): Promise<{ proven: Awaited<ReturnType<typeof Mina.transaction>>, at: number }> {
    const { method, args } = read(update)
    const address = PublicKey.fromBase58(update.body.publicKey)
    const { state } = update.body.preconditions.account
    const hash = update.body.authorizationKind.verificationKeyHash
    const account = { address: update.body.publicKey, state: state.map(field => field ?? '0'), code: { data: '', hash } }
    Mina.setActiveInstance(instanceWith(chain, account))
    const channel = new Channel(address, TokenId.fromBase58(update.body.tokenId))
    const proven = await Mina.transaction({ sender, fee: 0, nonce: 0 }, () => call(channel, method, args))
    const at = proven.transaction.accountUpdates.findIndex(each => each.body.authorizationKind.isProved.toBoolean())
    return { proven, at }
  }

  async function faultOf (command: ZkappCommand): Promise<string | undefined> {
    if (!command.accountUpdates.some(({ body }) => body.authorizationKind.isProved)) return undefined
    const sent = Transaction.fromJSON(withDummyProofs(command) as never).transaction
    for (const [i, update] of command.accountUpdates.entries()) {
      if (!update.body.authorizationKind.isProved) continue
      const claimed = sent.accountUpdates[i]
      try {
        const { proven: { transaction }, at } = await rerun(update)
        const made = transaction.accountUpdates[at]
        if (claimed === undefined || made === undefined) return `update ${i} is not what ${read(update).method} does`
        made.body.callData = claimed.body.callData // only ties a call to its caller, by a random number
        const inputs = [claimed.toPublicInput(sent), made.toPublicInput(transaction)].map(input => String(ZkappPublicInput.toFields(input)))
        if (inputs[0] !== inputs[1]) return `update ${i} is not what ${read(update).method} does`
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    }
    return undefined
  }

  return {
    faultOf (command) {
      const done = last.then(() => faultOf(command))
      last = done.catch(() => undefined)
      return done
    }
  }
}

function read (update: Update): Unproven {
  return JSON.parse(Buffer.from(update.authorization.proof ?? '', 'base64').toString()) as Unproven
}

function call (channel: Channel, method: Unproven['method'], args: string[]): Promise<void> {
  const [first = '', nonce = '', r = '', s = '', rest = '', until = ''] = args
  const amount = (): UInt64 => UInt64.from(BigInt(first))
  switch (method) {
  case 'redeem': return channel.redeem(amount(), Field(nonce), Signature.fromJSON({ r, s }))
  case 'finish': return channel.finish(amount(), Field(nonce), Signature.fromJSON({ r, s }), UInt64.from(BigInt(rest)), UInt32.from(BigInt(until)))
  case 'startClose': return channel.startClose(UInt32.from(BigInt(first)))
  case 'settle': return channel.settle(amount())
  default: throw new Error(`no method ${String(method satisfies never)}`)
  }
}
