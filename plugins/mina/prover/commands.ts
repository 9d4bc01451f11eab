/** Builds the commands of a channel with o1js, without keys and without a network. Only the process that proves loads it, and tests. */
import { AccountUpdate, Cache, Field, Mina, PublicKey, Signature, UInt32, UInt64 } from 'o1js'
import { Channel, domainOf } from '../contract/channel.js'
import { CODE } from '../contract/code.js'
import type { Claim, OpenJob, ProvenJob, ProverJob } from './jobs.js'
import { instanceWith } from './local-instance.js'
import { writeUnproven, type Unproven } from './unproven.js'

type Instance = Awaited<ReturnType<typeof Mina.LocalBlockchain>>
type Proven = Awaited<ReturnType<typeof Mina.transaction>>

/** A command without its proofs. */
interface Built {
  /** @returns the command as JSON, for mina-signer to set fee, nonce and memo, and to sign */
  prove (): Promise<string>
}

class OtherCodeError extends Error {
  override readonly name = 'OtherCodeError'

  constructor (found: string) {
    super(`The contract compiles to code ${found}, and channels of this release have ${CODE.hash}. Install o1js ${CODE.o1js}.`)
  }
}

/** Stands in a command until the sender knows them. */
const NO_FEE = { fee: 0, nonce: 0 }

export class CommandBuilder {
  private constructor (private readonly chain: Instance, private readonly proofs: boolean) {}

  /** @param proofs false: commands carry the private inputs in place of proofs, for chains that verify none (`unproven.ts`) */
  static async create (proofs: boolean): Promise<CommandBuilder> {
    return new CommandBuilder(await Mina.LocalBlockchain({ proofsEnabled: proofs }), proofs)
  }

  /**
   * Makes the circuits, from the files in the folder where they fit, and writes them there.
   * @throws OtherCodeError when the code is not the one that this release opens channels with
   */
  async compile (cacheDir: string): Promise<void> {
    const { verificationKey } = await Channel.compile({ cache: Cache.FileSystem(cacheDir) })
    const found = verificationKey.hash.toString()
    if (found !== CODE.hash) throw new OtherCodeError(found)
  }

  /** @throws what the contract says when it does not allow it */
  async build (job: ProverJob): Promise<Built> {
    return job.kind === 'open' ? this.open(job) : this.call(job)
  }

  private async open ({ address, payer: payerText, payee, chainId, challengeSlots, deposit, exists }: OpenJob): Promise<Built> {
    const [key, payer] = [PublicKey.fromBase58(address), PublicKey.fromBase58(payerText)]
    Mina.setActiveInstance(instanceWith(this.chain))
    const opening = { payer, payee: PublicKey.fromBase58(payee), challengeSlots, domain: domainOf(chainId, key) }
    const command = await Mina.transaction({ sender: payer, ...NO_FEE }, async () => {
      if (!exists) AccountUpdate.fundNewAccount(payer)
      await new Channel(key).open(opening, { data: CODE.data, hash: Field(CODE.hash) })
      if (deposit > 0n) AccountUpdate.createSigned(payer).send({ to: key, amount: UInt64.from(deposit) })
    })
    return { prove: () => Promise.resolve(command.toJSON()) }
  }

  private async call (job: ProvenJob): Promise<Built> {
    const { sender, channel: { address } } = job
    Mina.setActiveInstance(instanceWith(this.chain, { ...job.channel, code: CODE }))
    const channel = new Channel(PublicKey.fromBase58(address))
    const command = await Mina.transaction({ sender: PublicKey.fromBase58(sender), ...NO_FEE }, () => callOf(channel, job))
    return {
      prove: async () => {
        if (!this.proofs) return unproven(command, job)
        await command.prove()
        return command.toJSON()
      }
    }
  }
}

function callOf (channel: Channel, job: ProvenJob): Promise<void> {
  switch (job.kind) {
  case 'redeem': return channel.redeem(...claimOf(job.claim))
  case 'finish': return channel.finish(...claimOf(job.claim), UInt64.from(job.rest), UInt32.from(job.until))
  case 'startClose': return channel.startClose(UInt32.from(job.until))
  case 'settle': return channel.settle(UInt64.from(job.amount))
  }
}

function claimOf ({ amount, nonce, signature }: Claim): [UInt64, Field, Signature] {
  return [UInt64.from(amount), Field(nonce), Signature.fromJSON(signature)]
}

function unproven (command: Proven, job: ProvenJob): string {
  const json = JSON.parse(command.toJSON()) as {
    accountUpdates: Array<{ body: { authorizationKind: { isProved: boolean } }, authorization: object }>
  }
  for (const update of json.accountUpdates) {
    if (update.body.authorizationKind.isProved) update.authorization = { proof: writeUnproven(inputsOf(job)), signature: null }
  }
  return JSON.stringify(json)
}

function inputsOf (job: ProvenJob): Unproven {
  return { method: job.kind, args: argumentsOf(job).map(String) }
}

function argumentsOf (job: ProvenJob): Array<bigint | number | string> {
  switch (job.kind) {
  case 'redeem': return claimInputs(job.claim)
  case 'finish': return [...claimInputs(job.claim), job.rest, job.until]
  case 'startClose': return [job.until]
  case 'settle': return [job.amount]
  }
}

function claimInputs ({ amount, nonce, signature: { r, s } }: Claim): Array<bigint | string> {
  return [amount, nonce, r, s]
}
