/** What the peer can ask about the channels between us, and what it is told. */
import type { Channels } from './channels.js'
import type { Closing } from './closing.js'
import type { Funding } from './funding.js'
import type { Incoming } from './incoming.js'
import type { Outgoing } from './outgoing.js'
import { textOf } from './read-record.js'
import { UnreachableError } from './types.js'

export interface AnswersDeps {
  channels: Channels
  funding: Funding
  incoming: Incoming
  outgoing: Outgoing
  closing: Closing
}

export class Answers {
  constructor (private readonly deps: AnswersDeps) {}

  /** Answers the peer. Rejects with what the peer is told. */
  async to (message: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { incoming, outgoing, funding, closing } = this.deps
    switch (message.step) {
    case 'claims': {
      const claims = incoming.all().map(({ text }) => text)
      return { unused: incoming.unused, claims, acknowledged: (await outgoing.claims.acknowledged()).map(({ text }) => text) }
    }
    case 'look': return { seen: await this.#seen(textOf(message.channelId, 'channelId')) }
    case 'open': return { ...funding.opening }
    case 'end': return await closing.answer(message)
    default: throw new Error('unknown step. expected=claims, look, open or end')
    }
  }

  async #seen (channelId: string): Promise<bigint> {
    const channel = await this.deps.channels.refresh(channelId).catch(() => { throw new UnreachableError('the chain cannot be asked now') })
    return channel?.state.theirs.deposit ?? 0n
  }
}
