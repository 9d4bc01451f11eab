/** What o1js asks about the chain while it builds a command, answered from what the job says: one account, and nothing from a network. */
import { Types, type Mina, type PublicKey } from 'o1js'
import type { ChannelAccount } from './jobs.js'

type Instance = Awaited<ReturnType<typeof Mina.LocalBlockchain>>

/** The data of a verification key and its hash, as o1js writes them. */
interface Code { data: string, hash: string }

/**
 * @param chain a local chain, for what does not depend on accounts
 * @param channel the only account with a contract; absent before it is opened. All others, such as the sender's, are new ones
 */
export function instanceWith (chain: Instance, channel?: ChannelAccount & { code: Code }): Instance {
  return {
    ...chain,
    hasAccount: (key: PublicKey) => key.toBase58() === channel?.address,
    getAccount: (key: PublicKey) => {
      const publicKey = key.toBase58()
      const account = { ...Types.Account.toJSON(Types.Account.empty()), publicKey }
      if (channel === undefined || publicKey !== channel.address) return Types.Account.fromJSON(account)
      const { state, code: verificationKey } = channel
      return Types.Account.fromJSON({ ...account, zkapp: { ...EMPTY_ZKAPP, appState: [...state], verificationKey } })
    }
  }
}

const EMPTY_ZKAPP = { zkappVersion: '0', actionState: ['0', '0', '0', '0', '0'], lastActionSlot: '0', provedState: false, zkappUri: '' }
