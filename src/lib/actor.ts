/** The client, or program, for which calls are made: set where a request comes in, and read where something is changed. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Actor } from '../contracts/audit.js'

const actors = new AsyncLocalStorage<Actor>()

/** Everything that `work` calls, and waits for, is done by `actor`. */
export function actingAs<T> (actor: Actor, work: () => T): T {
  return actors.run(actor, work)
}

/** Of what goes on: the one that a request named, or else the program around us, or `otherwise`. */
export function currentActor (otherwise: Actor = { via: 'code' }): Actor {
  return actors.getStore() ?? otherwise
}
