/** Ways to spoil a call of the payment channel program, one check at a time. For tests of which check comes first. */
import { AccountRole, type Address } from '@solana/kit'
import { TOKEN_2022, type Call, type ProgramError, type TestChannel } from './channel-client.js'
import type { SvmWorld } from './svm-world.js'

/** A transaction that would go through. The last call is the one to spoil. */
export interface Prepared {
  world: SvmWorld
  channel: TestChannel
  calls: Call[]
}

type Undo = (() => void) | undefined

export interface Fault {
  name: string
  error: ProgramError
  /** Spoils the call or the world. What is done to the world is undone by the function that it returns. */
  spoil: (prepared: Prepared) => Undo | Promise<Undo>
}

export function changeCall (prepared: Prepared, change: (call: Call) => Call): undefined {
  const { calls } = prepared
  prepared.calls = [...calls.slice(0, -1), change(calls[calls.length - 1]!)]
}

export const replaceAccount = (call: Call, index: number, address: Address): Call =>
  ({ ...call, accounts: call.accounts.map((account, i) => i === index ? { role: withoutSigner(account.role), address } : account) })

export const withoutSignature = (call: Call, index: number): Call => replaceAccount(call, index, call.accounts[index]!.address)

function withoutSigner (role: AccountRole): AccountRole {
  return role === AccountRole.WRITABLE || role === AccountRole.WRITABLE_SIGNER ? AccountRole.WRITABLE : AccountRole.READONLY
}

const withData = (call: Call, at: number, bytes: Uint8Array): Call => {
  const data = Buffer.from(call.data)
  data.set(bytes, at)
  return { ...call, data }
}

/** Another account stands at this place. */
export const account = (name: string, error: ProgramError, index: number, address: (prepared: Prepared) => Address): Fault => ({
  name, error, spoil: prepared => changeCall(prepared, call => replaceAccount(call, index, address(prepared)))
})

/** The account at this place has not signed. */
export const unsigned = (index: number): Fault => ({
  name: 'nobody signed', error: 'UnauthorizedSigner', spoil: prepared => changeCall(prepared, call => withoutSignature(call, index))
})

/** These bytes stand in the data of the call. */
export const data = (name: string, error: ProgramError, at: number, bytes: (prepared: Prepared) => Uint8Array): Fault => ({
  name, error, spoil: prepared => changeCall(prepared, call => withData(call, at, bytes(prepared)))
})

/** The account of the channel has these bytes. */
export const stored = (name: string, error: ProgramError, at: number, bytes: (prepared: Prepared) => Uint8Array): Fault => ({
  name, error,
  spoil: prepared => {
    const { world, channel } = prepared
    const before = world.dataOf(channel.address)
    world.patch(channel.address, found => { found.set(bytes(prepared), at) })
    return () => { world.patch(channel.address, found => { before.copy(found) }) }
  }
})

/** Time passes, or did not pass. */
export const time = (name: string, error: ProgramError, slots: bigint, seconds: bigint): Fault => ({
  name, error,
  spoil: ({ world }) => {
    world.pass(slots, seconds)
    return () => { world.pass(-slots, -seconds) }
  }
})

/** What every instruction but initialize checks first. `index` is the place of the channel, and `vault` that of its vault. */
export function commonFaults (index: number, vault?: number): Fault[] {
  const copied = (name: string, change: (found: Buffer) => Buffer, isOurs: boolean): Fault => ({
    name, error: 'InvalidAccount',
    spoil: prepared => {
      const { world, channel } = prepared
      const copy = world.putCopy(channel.address, change(world.dataOf(channel.address)), isOurs ? world.program : TOKEN_2022)
      changeCall(prepared, call => replaceAccount(call, index, copy))
      return undefined
    }
  })
  const faults: Fault[] = [
    {
      name: 'an account too few', error: 'InvalidInstruction',
      spoil: prepared => changeCall(prepared, call => ({ ...call, accounts: call.accounts.slice(0, -1) }))
    },
    {
      name: 'two accounts too many', error: 'InvalidInstruction',
      spoil: prepared => changeCall(prepared, call => ({ ...call, accounts: [...call.accounts, call.accounts[0]!, call.accounts[0]!] }))
    },
    {
      name: 'two bytes too many', error: 'InvalidInstruction',
      spoil: prepared => changeCall(prepared, call => ({ ...call, data: Buffer.concat([call.data, Buffer.alloc(2)]) }))
    },
    {
      name: 'a byte too few', error: 'InvalidInstruction',
      spoil: prepared => changeCall(prepared, call => ({ ...call, data: call.data.subarray(0, -1) }))
    },
    copied('the same bytes, owned by somebody else (29)', found => found, false),
    copied('an account of another size (29)', found => Buffer.concat([found, Buffer.alloc(1)]), true),
    copied('an account with the tag of the first layout', found => Buffer.concat([Buffer.from('pchannel'), found.subarray(8)]), true),
    data('another instance', 'WrongInstance', 8, ({ channel }) => Buffer.from(BigUint64Array.of(channel.instance + 1n).buffer))
  ]
  if (vault === undefined) return faults
  return [
    ...faults,
    account('another token account of the channel (15)', 'InvalidVaultPDA', vault,
      ({ world, channel }) => world.putCopy(channel.vault, world.dataOf(channel.vault))),
    {
      name: 'a vault of the other token program', error: 'InvalidVaultPDA',
      spoil: ({ world, channel }) => world.put(channel.vault, TOKEN_2022, world.dataOf(channel.vault))
    }
  ]
}
