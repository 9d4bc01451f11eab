// Which check comes first: a call with two faults gets the error of the earlier one, for each pair of faults of each instruction. So
// clients can tell from an error what was in order.
import { expect } from 'chai'
import { ATA, SYSTEM, close, deposit, forceCloseExpired, settle, signed, signing, u64, u8, withdraw } from '../../../support/solana/channel-client.js'
import { account, changeCall, commonFaults, data, stored, time, unsigned, type Fault, type Prepared } from '../../../support/solana/faults.js'
import { BIRTH_SLOTS, SvmWorld, bySide, sideOf } from '../../../support/solana/svm-world.js'
import { INSTALL_TIMEOUT_MS } from '../../../support/solana/tools.js'

const MAX = 2n ** 64n - 1n
const YEAR = 31_536_000n

/** An open channel in which both have deposits, and alice has paid 1,000 that bob was not paid out. It is old enough to end. */
async function openChannel (): Promise<Prepared> {
  const world = await SvmWorld.create()
  const { alice, bob } = world
  const channel = await world.plan(alice, bob)
  const [aliceAta, bobAta] = bySide(channel, alice.address, ...channel.atas)
  await world.do(...world.opening(channel, alice), deposit(channel, alice, aliceAta, 100_000n))
  await world.do(deposit(channel, bob, bobAta, 20_000n))
  world.freeze(bobAta)
  await world.do(...await world.claiming(channel, alice, 1n, 1000n))
  world.freeze(bobAta, false)
  world.pass(BIRTH_SLOTS + 1n)
  return { world, channel, calls: [] }
}

const stranger = (index: number): Fault => ({
  name: 'by a stranger', error: 'InvalidParticipant',
  spoil: prepared => changeCall(prepared, call => ({
    ...call, accounts: call.accounts.map((one, i) => i === index ? signing(prepared.world.mallory) : one)
  }))
})
const otherMint = (index: number): Fault =>
  account('another mint', 'InvalidAccount', index, ({ world }) => world.putCopy(world.mint, world.dataOf(world.mint)))
const foreignAta = (index: number): Fault => account('a token account of a stranger', 'InvalidTokenAccount', index, ({ world }) => world.malloryAta)
const state = (value: number, error: Fault['error']): Fault => stored(`state ${value}`, error, 160, () => u8(value))
const aliceSide = ({ world, channel }: Prepared): number => sideOf(channel, world.alice.address)
const ofAlice = (field: number) => (prepared: Prepared) => field + 8 * aliceSide(prepared)

/** A field of alice's side. */
const storedOfAlice = (name: string, error: Fault['error'], field: number, value: bigint): Fault => ({
  name, error, spoil: prepared => stored(name, error, ofAlice(field)(prepared), () => u64(value)).spoil(prepared)
})

/** The same message, with signatures that the precompile takes. */
const signedByOthers: Fault = {
  name: 'signed by others', error: 'InvalidSignature',
  spoil: async prepared => {
    const [precompile, call] = prepared.calls
    const count = precompile!.data[0]!
    const { bob, mallory } = prepared.world
    prepared.calls = [await signed(precompile!.data.subarray(2 + 110 * count), ...[bob, mallory].slice(0, count)), call!]
    return undefined
  }
}

interface Case {
  prepare: () => Promise<Prepared>
  /** In the order of the checks. */
  faults: Fault[]
}

const cases: Record<string, Case> = {
  initialize: {
    prepare: async () => {
      const world = await SvmWorld.create()
      const channel = await world.plan(world.alice, world.bob)
      return { world, channel, calls: world.opening(channel, world.alice) }
    },
    faults: [
      ...commonFaults(3).slice(0, 4),
      unsigned(0),
      account('with oneself', 'InvalidParticipant', 1, ({ world }) => world.alice.address),
      data('a challenge of less than an hour', 'InvalidChallenge', 16, () => u64(3599n)),
      data('a challenge of more than 30 days', 'InvalidChallenge', 16, () => u64(2_592_001n)),
      data('lane 8', 'InvalidPDA', 24, () => u8(8)),
      data('an instance of the future', 'InstanceNotRecent', 8, ({ channel }) => u64(channel.instance + 1n)),
      data('an instance of 151 slots ago', 'InstanceNotRecent', 8, ({ channel }) => u64(channel.instance - 151n)),
      account('a program that is not a token program', 'InvalidAccount', 6, () => ATA),
      account('an account that is not a mint', 'UnsupportedMint', 2, ({ world }) => world.malloryAta),
      account('the address of another channel', 'InvalidPDA', 3, ({ world }) => world.mallory.address),
      account('the vault of another channel', 'InvalidVaultPDA', 4, ({ world }) => world.mallory.address),
      { name: 'a channel that exists', error: 'ChannelAlreadyExists', spoil: ({ world, channel }) => world.put(channel.address, SYSTEM, Buffer.alloc(1)) },
      { name: 'a vault that exists', error: 'ChannelAlreadyExists', spoil: ({ world, channel }) => world.put(channel.vault, SYSTEM, Buffer.alloc(1)) }
    ]
  },
  deposit: {
    prepare: async () => {
      const prepared = await openChannel()
      const { world, channel } = prepared
      return { ...prepared, calls: [deposit(channel, world.alice, channel.atas[sideOf(channel, world.alice.address)], 100_001n)] }
    },
    faults: [
      ...commonFaults(3, 2), state(1, 'ChannelNotOpened'), otherMint(4), stranger(0), unsigned(0),
      data('no more than before', 'ZeroAmountDeposit', 16, () => u64(100_000n)),
      {
        name: 'deposits of more than 64 bits', error: 'ArithmeticOverflow',
        spoil: prepared => stored('', 'ArithmeticOverflow', 104 + 8 * (1 - aliceSide(prepared)), () => u64(MAX)).spoil(prepared)
      }
    ]
  },
  close: {
    prepare: async () => {
      const prepared = await openChannel()
      return { ...prepared, calls: [close(prepared.channel, prepared.world.alice)] }
    },
    faults: [...commonFaults(1), stranger(0), unsigned(0), state(1, 'ChannelNotOpened')]
  },
  settle: {
    prepare: async () => {
      const prepared = await openChannel()
      const { world, channel } = prepared
      await world.do(close(channel, world.alice))
      world.pass(3600n, 3600n)
      return { ...prepared, calls: [settle(channel)] }
    },
    faults: [
      ...commonFaults(0, 1), state(0, 'ChannelNotClosed'), otherMint(5), time('in the first 150 slots', 'TooYoung', -3601n, 0n),
      time('a second too early', 'ChannelChallengeNotExpired', 0n, -1n), time('a slot too early', 'ChannelChallengeNotExpired', -1n, 0n),
      account('rent to a stranger', 'InvalidAccount', 4, ({ world }) => world.mallory.address),
      {
        name: 'payout of alice to a stranger', error: 'InvalidTokenAccount',
        spoil: prepared => foreignAta(2 + aliceSide(prepared)).spoil(prepared)
      }
    ]
  },
  'force close': {
    prepare: async () => {
      const prepared = await openChannel()
      prepared.world.pass(0n, YEAR)
      return { ...prepared, calls: [forceCloseExpired(prepared.channel)] }
    },
    faults: [...commonFaults(0), state(1, 'ChannelNotOpened'), time('a second too early', 'NotExpired', 0n, -1n)]
  },
  claim: {
    prepare: async () => {
      const prepared = await openChannel()
      const { world, channel } = prepared
      return { ...prepared, calls: await world.claiming(channel, world.alice, 2n, 2000n) }
    },
    faults: [
      ...commonFaults(0, 1), data('a side that there is not', 'InvalidInstruction', 32, () => u8(2)), state(2, 'ChannelNotOpened'), otherMint(3),
      storedOfAlice('no more than recorded', 'TransferredAmountDecreased', 120, 2000n), storedOfAlice('more than the deposit', 'ExceedsDeposit', 104, 1999n),
      account('a made-up list of instructions', 'InvalidAccount', 5, () => SYSTEM),
      signedByOthers,
      { name: 'payout to a stranger', error: 'InvalidTokenAccount', spoil: foreignAta(2).spoil }
    ]
  },
  'cooperative close': {
    prepare: async () => {
      const prepared = await openChannel()
      const { world, channel } = prepared
      return { ...prepared, calls: await world.agreeing(channel, bySide(channel, world.alice.address, 60_000n, 8000n)) }
    },
    faults: [
      ...commonFaults(0, 1), state(2, 'ChannelNotOpened'), otherMint(5), time('in the first 150 slots', 'TooYoung', -1n, 0n),
      time('a second too late', 'TermsExpired', 0n, 601n), account('a made-up list of instructions', 'InvalidAccount', 7, () => SYSTEM),
      signedByOthers,
      storedOfAlice('less than recorded', 'TermsBehindChain', 120, 60_001n), storedOfAlice('more than there is', 'ExceedsDeposit', 104, 51_999n),
      {
        name: 'sums of more than 64 bits', error: 'ArithmeticOverflow',
        spoil: prepared => stored('', 'ArithmeticOverflow', 104 + 8 * (1 - aliceSide(prepared)), () => u64(MAX)).spoil(prepared)
      },
      account('rent to a stranger', 'InvalidAccount', 4, ({ world }) => world.mallory.address),
      { name: 'payout of alice to a stranger', error: 'InvalidTokenAccount', spoil: prepared => foreignAta(2 + aliceSide(prepared)).spoil(prepared) }
    ]
  },
  withdraw: {
    prepare: async () => {
      const prepared = await openChannel()
      return { ...prepared, calls: [withdraw(prepared.channel, prepared.world.bob, prepared.world.malloryAta)] }
    },
    faults: [
      ...commonFaults(1, 2), otherMint(4), stranger(0), unsigned(0), account('to the vault', 'InvalidTokenAccount', 3, ({ channel }) => channel.vault),
      {
        name: 'nothing owed', error: 'NothingToDo',
        spoil: prepared => stored('', 'NothingToDo', 184 + 8 * (1 - aliceSide(prepared)), () => u64(1000n)).spoil(prepared)
      }
    ]
  }
}

describe('a call of the Solana program with two faults', function () {
  this.timeout(INSTALL_TIMEOUT_MS)

  for (const [name, { prepare, faults }] of Object.entries(cases)) {
    it(`gets the error of the earlier one: ${name}`, async () => {
      const prepared = await prepare()
      for (const [i, first] of faults.entries()) {
        await expectError(prepared, first)
        for (const second of faults.slice(i + 1)) await expectError(prepared, first, second)
      }
      await prepared.world.do(...prepared.calls)
    })
  }
})

/** The error of the first fault given. */
async function expectError (prepared: Prepared, first: Fault, second?: Fault): Promise<void> {
  const { world } = prepared
  const spoilt = { ...prepared }
  const undoSecond = await second?.spoil(spoilt)
  const undoFirst = await first.spoil(spoilt)
  const { error } = await world.send(...spoilt.calls)
  undoFirst?.()
  undoSecond?.()
  expect(error ?? 'it went through', `${first.name}, and ${second?.name ?? 'nothing else'}`).to.equal(first.error)
}
