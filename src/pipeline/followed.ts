/** The steps of a pipeline with their names told to the packets that pass them. What they do to a packet stays the same. */
import type { Entry, Method } from '../contracts/middleware.js'
import type { PacketTrace } from '../contracts/packet-trace.js'
import { isReject } from '../packet/reply.js'
import { SEND } from './packet-observers.js'

type Step = Method<Buffer, Buffer>

export function followed (entries: ReadonlyArray<Entry<Buffer, Buffer>>, accountId: string): Step[] {
  return entries.map(({ name, method }): Step => (data, next, context) => {
    const trace = context?.trace
    if (trace === undefined) return method(data, next, context)
    trace.reached(name, accountId)
    if (!trace.isDetailed) return method(data, next, context)
    return watched(() => method(data, next, context), reply => { if (isRefusal(reply)) trace.refused(name, accountId) })
  })
}

/** The end of an incoming pipeline, which names the steps that it consists of by itself. */
export function followedHandler (method: Step): Step {
  return (data, next, context) => {
    const trace = context?.trace
    if (trace?.isDetailed !== true) return method(data, next, context)
    return watched(() => method(data, next, context), reply => { if (reply === undefined) trace.refusedHere() })
  }
}

/** The end of an outgoing pipeline: what the plugin answers, another node has answered; what goes wrong before, goes wrong here. */
export function followedSend (method: Step, accountId: string): Step {
  return (data, next, context) => {
    const trace = context?.trace
    if (trace === undefined) return method(data, next, context)
    trace.reached(SEND, accountId)
    if (!trace.isDetailed) return method(data, next, context)
    return watched(() => method(data, next, context), reply => { judgeAnswer(trace, accountId, reply) })
  }
}

function judgeAnswer (trace: PacketTrace, accountId: string, reply: unknown): void {
  if (reply === undefined) trace.refused(SEND, accountId)
  else if (isRefusal(reply)) trace.refused()
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

/** Steps of others may answer with anything. */
function isRefusal (reply: unknown): boolean {
  return reply === undefined || (Buffer.isBuffer(reply) && isReject(reply))
}
