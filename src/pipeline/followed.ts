/**
 * Pipelines of packets, some of which are followed. They run through the same steps, composed a second time, where each step is named to
 * the packet. All others cost nothing more, and yet a step that throws is known by its name.
 */
import type { Entry, Method } from '../contracts/middleware.js'
import type { PacketTrace } from '../contracts/packet-trace.js'
import { isReject } from '../packet/reply.js'
import { compose, type Run } from './compose.js'
import { SEND } from './packet-observers.js'

type Step = Method<Buffer, Buffer>
type NamedSteps = ReadonlyArray<Readonly<Entry<Buffer, Buffer>>>

/** @param lastName the name of the last step; undefined where it names the steps that it consists of by itself */
export function composeFollowed (entries: NamedSteps, last: Step, accountId: string, lastName?: string): Run<Buffer, Buffer> {
  const plain = compose(entries.map(({ method }) => method), last, (place, context) => {
    context?.trace?.refused(place < entries.length ? entries[place]?.name : lastName, accountId)
  })
  let followed: Run<Buffer, Buffer> | undefined // of most accounts, no packet ever is
  return (data, context) => {
    if (context?.trace?.isDetailed !== true) return plain(data, context)
    followed ??= compose(entries.map(({ name, method }) => followedStep(name, method, accountId)), followedStep(lastName, last, accountId))
    return followed(data, context)
  }
}

function followedStep (name: string | undefined, method: Step, accountId: string): Step {
  return (data, next, context) => {
    const trace = context?.trace
    if (trace === undefined) return method(data, next, context)
    if (name !== undefined) trace.reached(name, accountId)
    return watched(() => method(data, next, context), reply => { judge(trace, reply, name, accountId) })
  }
}

/** What the plugin answers, another node has answered; what goes wrong before, goes wrong here. */
function judge (trace: PacketTrace, reply: unknown, name: string | undefined, accountId: string): void {
  if (reply === undefined) trace.refused(name, accountId)
  else if (Buffer.isBuffer(reply) && isReject(reply)) {
    if (name === SEND) trace.refusedElsewhere()
    else trace.refused(name, accountId)
  }
}

/** Calls `ended` beside the step's own answer, which is handed on as it is: undefined where it throws or rejects. */
function watched<Answer> (step: () => Answer, ended: (reply: unknown) => void): Answer {
  try {
    const answer = step()
    if (answer instanceof Promise) answer.then(ended, () => { ended(undefined) })
    else ended(answer)
    return answer
  } catch (error) {
    ended(undefined)
    throw error
  }
}
