/**
 * The zkApp that holds the money of one payment channel, from a payer to a payee: docs/mina-contract.md says how it works. It needs o1js,
 * which is big, so only the process that proves loads this file, and tests.
 *
 * Any change to a method changes the code hash of the contract: `npm run contracts:mina` then writes `code.ts` again, and channels that are
 * open keep the old code.
 */
/* eslint-disable @typescript-eslint/require-await -- o1js takes no methods but async ones */
import {
  AccountUpdate, Bool, Field, Permissions, Poseidon, Provable, PublicKey, Signature, SmartContract, State, UInt32, UInt64,
  declareMethods, declareState
} from 'o1js'
import { SLACK_NANOMINA, domainInput } from './terms.js'

/** The account's key can do nothing: the code cannot change, money and state move by proof alone, and everybody may pay in. */
export const PERMISSIONS: Permissions = {
  ...Permissions.allImpossible(),
  access: Permissions.none(),
  receive: Permissions.none(),
  send: Permissions.proof(),
  editState: Permissions.proof(),
  setVerificationKey: Permissions.VerificationKey.impossibleDuringCurrentVersion()
}

export interface Opening {
  payer: PublicKey
  payee: PublicKey
  /** How long the payee has to bring its last claim once the payer has started to close. */
  challengeSlots: number
  domain: Field
}

/** The parities of both keys and the challenge, in one field: as the account's state has them. */
export function pack (payerIsOdd: Bool, payeeIsOdd: Bool, challenge: UInt32): Field {
  return payerIsOdd.toField().add(payeeIsOdd.toField().mul(2)).add(challenge.value.mul(4))
}

/** What the payer signs. The nonce orders claims between the parties; here only the amount counts. */
export function claimFields (zkApp: PublicKey, domain: Field, amount: UInt64, nonce: Field): Field[] {
  return [Poseidon.hash([amount.value, Field(0), domain]), nonce, Poseidon.hash([zkApp.x])]
}

/** Ties claims to a network, a version of the contract, and the whole address: the message has only its x coordinate otherwise. */
export function domainOf (chainId: string, zkApp: PublicKey): Field {
  return Poseidon.hash([Field(domainInput(chainId)), ...zkApp.toFields()])
}

export class Channel extends SmartContract {
  declare payerX: State<Field>
  declare payeeX: State<Field>
  declare terms: State<Field>
  declare domain: State<Field>
  /** Paid out to the payee so far. After `finish` more than any claim can say, so that none is good for what comes in later. */
  declare redeemed: State<UInt64>
  /** 0: open. 1: the payee has finished. Else the slot from which on the payer may take the rest. */
  declare closesAt: State<UInt32>
  /** What was paid in all, once the payee has finished. */
  declare final: State<UInt64>

  constructor (address: PublicKey, tokenId?: Field) {
    super(address, tokenId)
    this.payerX = State()
    this.payeeX = State()
    this.terms = State()
    this.domain = State()
    this.redeemed = State()
    this.closesAt = State()
    this.final = State()
  }

  /** No proof: the account's key signs this once, and is powerless afterwards. The code's data and hash spare the compilation. */
  async open ({ payer, payee, challengeSlots, domain }: Opening, code?: { data: string, hash: Field }): Promise<void> {
    await this.deploy(code === undefined ? undefined : { verificationKey: code })
    this.account.permissions.set(PERMISSIONS)
    this.payerX.set(payer.x)
    this.payeeX.set(payee.x)
    this.terms.set(pack(payer.isOdd, payee.isOdd, UInt32.from(challengeSlots)))
    this.domain.set(domain)
    this.redeemed.set(UInt64.zero)
    this.closesAt.set(UInt32.zero)
    this.final.set(UInt64.zero)
  }

  /** The payee takes out what the payer's claim grants beyond what it has had. Nothing the payer does can make this fail. */
  async redeem (amount: UInt64, nonce: Field, signature: Signature): Promise<void> {
    const { payee, isSigned } = this.#claim(amount, nonce, signature)
    isSigned.assertTrue('not signed by the payer')
    const before = this.redeemed.getAndRequireEquals()
    amount.assertGreaterThan(before, 'nothing to redeem')
    this.redeemed.set(amount)
    this.#pay(this.#signedBy(payee), amount.sub(before))
  }

  /** The payee takes its last claim and gives the rest back at once. Two signatures: the claim's, and the payee's on the transaction. */
  async finish (amount: UInt64, nonce: Field, signature: Signature, rest: UInt64, until: UInt32): Promise<void> {
    const { payer, payee, isSigned } = this.#claim(amount, nonce, signature)
    const before = this.redeemed.getAndRequireEquals()
    before.assertLessThan(UInt64.MAXINT(), 'finished already')
    amount.assertGreaterThanOrEqual(before, 'less than was redeemed')
    isSigned.or(amount.equals(before)).assertTrue('not signed by the payer')
    this.network.globalSlotSinceGenesis.requireBetween(UInt32.zero, until)
    this.redeemed.set(UInt64.MAXINT())
    this.closesAt.set(UInt32.one)
    this.final.set(amount)
    this.#pay(this.#signedBy(payee), amount.sub(before))
    this.#pay(AccountUpdate.create(payer), rest)
  }

  /** The payer starts the challenge. It ends `challenge` slots after the last slot in which this may be included. */
  async startClose (until: UInt32): Promise<void> {
    const { payer, challenge } = this.#parties()
    this.closesAt.requireEquals(UInt32.zero)
    this.network.globalSlotSinceGenesis.requireBetween(UInt32.zero, until)
    this.closesAt.set(until.add(challenge))
    this.self.approve(this.#signedBy(payer))
  }

  /** Anybody pays the payer what is left after the challenge. Changes no state, so it can be done again for what arrives later. */
  async settle (amount: UInt64): Promise<void> {
    const { payer } = this.#parties()
    const closesAt = this.closesAt.getAndRequireEquals()
    closesAt.assertGreaterThan(UInt32.zero, 'open')
    this.network.globalSlotSinceGenesis.requireBetween(closesAt, UInt32.MAXINT())
    this.account.balance.requireBetween(amount, amount.add(UInt64.from(SLACK_NANOMINA)))
    this.#pay(AccountUpdate.create(payer), amount)
  }

  #parties (): { payer: PublicKey, payee: PublicKey, challenge: UInt32 } {
    const packed = this.terms.getAndRequireEquals()
    const [payerIsOdd, payeeIsOdd, challenge] = [
      Provable.witness(Bool, () => Bool((packed.toBigInt() & 1n) === 1n)),
      Provable.witness(Bool, () => Bool((packed.toBigInt() & 2n) === 2n)),
      Provable.witness(UInt32, () => UInt32.from(packed.toBigInt() >> 2n))
    ]
    pack(payerIsOdd, payeeIsOdd, challenge).assertEquals(packed)
    const payer = PublicKey.from({ x: this.payerX.getAndRequireEquals(), isOdd: payerIsOdd })
    const payee = PublicKey.from({ x: this.payeeX.getAndRequireEquals(), isOdd: payeeIsOdd })
    return { payer, payee, challenge }
  }

  #claim (amount: UInt64, nonce: Field, signature: Signature): { payer: PublicKey, payee: PublicKey, isSigned: Bool } {
    const { payer, payee } = this.#parties()
    const isSigned = signature.verify(payer, claimFields(this.address, this.domain.getAndRequireEquals(), amount, nonce))
    return { payer, payee, isSigned }
  }

  /**
   * An update that its account has to sign, for this whole transaction and no other. Needs no nonce, so fees can be raised without a new
   * proof.
   */
  #signedBy (account: PublicKey): AccountUpdate {
    const update = AccountUpdate.create(account)
    update.requireSignature()
    update.body.useFullCommitment = Bool(true)
    update.body.incrementNonce = Bool(false)
    update.body.preconditions.account.nonce.isSome = Bool(false)
    update.body.preconditions.account.nonce.value = { lower: UInt32.zero, upper: UInt32.MAXINT() }
    return update
  }

  #pay (to: AccountUpdate, amount: UInt64): void {
    this.send({ to, amount })
  }
}

const METHODS = {
  redeem: [UInt64, Field, Signature],
  finish: [UInt64, Field, Signature, UInt64, UInt32],
  startClose: [UInt32],
  settle: [UInt64]
}

declareState(Channel, { payerX: Field, payeeX: Field, terms: Field, domain: Field, redeemed: UInt64, closesAt: UInt32, final: UInt64 })
// Its signature asks for codecs of `unknown`, which no codec is under strict function types.
declareMethods(Channel, METHODS as unknown as Record<string, Array<Provable<unknown>>>)
