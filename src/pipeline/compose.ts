/**
 * Turns the methods of a pipeline into one function, the way koa-compose does: each method gets the value and `next`, and may look
 * at the answer that comes back. A method that calls `next` twice would send a packet (or money) twice, so that is refused.
 */
import type { Method, Next } from '../types/middleware.js'

/** Composed once per account. `last` ends the pipeline. A method that throws, or returns no promise, acts as one that was async. */
export function compose<In, Out> (methods: ReadonlyArray<Method<In, Out>>, last: Next<In, Out>): Next<In, Out> {
  return methods.reduceRight<Next<In, Out>>((rest, method) => (value) => run(method, value, rest), (value) => settle(() => last(value)))
}

function run<In, Out> (method: Method<In, Out>, value: In, rest: Next<In, Out>): Promise<Out> {
  let called = false
  const next: Next<In, Out> = (nextValue) => {
    if (called) return Promise.reject(new Error('next() called multiple times.'))
    called = true
    return rest(nextValue)
  }
  return settle(() => method(value, next))
}

function settle<Out> (call: () => Promise<Out>): Promise<Out> {
  try {
    const answer = call()
    return answer instanceof Promise ? answer : Promise.resolve(answer)
  } catch (error) {
    // Whatever was thrown travels on unchanged: the error handler decides what it means.
    return Promise.reject(error)
  }
}
