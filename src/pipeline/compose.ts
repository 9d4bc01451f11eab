/**
 * Turns the methods of a pipeline into one function, the way koa-compose does: each method gets the value and `next`, and can inspect the
 * answer that comes back. A method that calls `next` twice would send a packet (or money) twice, so that is refused.
 */
import type { Context, Method, Next } from '../contracts/middleware.js'

/** A whole pipeline, or what is left of it behind a step. */
export type Run<In, Out> = (value: In, context?: Context) => Promise<Out>

/** Told of a method that throws, by its place in the pipeline. */
type Thrown = (place: number, context: Context | undefined) => void

/**
 * `last` ends the pipeline, and has no next. All steps get the context of the run. A method that throws, or returns no promise, acts as
 * one that was async.
 */
export function compose<In, Out> (methods: ReadonlyArray<Method<In, Out>>, last: Method<In, Out>, thrown?: Thrown): Run<In, Out> {
  return [...methods, last].reduceRight<Run<In, Out>>((rest, method, place) => step(rest, method, place, thrown), nothingMore)
}

function step<In, Out> (rest: Run<In, Out>, method: Method<In, Out>, place: number, thrown?: Thrown): Run<In, Out> {
  return (value, context) => {
    let called = false
    const next: Next<In, Out> = (nextValue) => {
      if (called) return Promise.reject(new Error('next() called multiple times.'))
      called = true
      return rest(nextValue, context)
    }
    try {
      const answer = method(value, next, context)
      return answer instanceof Promise ? answer : Promise.resolve(answer)
    } catch (error) {
      thrown?.(place, context)
      return Promise.reject(error) // unchanged: the error handler decides what it means
    }
  }
}

function nothingMore (): Promise<never> {
  return Promise.reject(new Error('the pipeline has ended: there is no next step.'))
}
