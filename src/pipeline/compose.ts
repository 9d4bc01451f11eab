/**
 * Turns the methods of a pipeline into one function, the way koa-compose does: each method gets the value and `next`, and may look
 * at the answer that comes back. A method that calls `next` twice would send a packet (or money) twice, so that is refused.
 */
import type { Method, Next } from '../contracts/middleware.js'

/** Composed once per account. `last` ends the pipeline. A method that throws, or returns no promise, acts as one that was async. */
export function compose<In, Out> (methods: ReadonlyArray<Method<In, Out>>, last: Next<In, Out>): Next<In, Out> {
  // `last` is the innermost method: it has a next like the others, and does not call it.
  return [...methods, last].reduceRight<Next<In, Out>>(step, last)
}

function step<In, Out> (rest: Next<In, Out>, method: Method<In, Out>): Next<In, Out> {
  return (value) => {
    let called = false
    const next: Next<In, Out> = (nextValue) => {
      if (called) return Promise.reject(new Error('next() called multiple times.'))
      called = true
      return rest(nextValue)
    }
    try {
      const answer = method(value, next)
      return answer instanceof Promise ? answer : Promise.resolve(answer)
    } catch (error) {
      return Promise.reject(error) // unchanged: the error handler decides what it means
    }
  }
}
