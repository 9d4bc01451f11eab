/** A store module, loaded by path as a user's own is: the store that the test gives it. */
import type { Store } from '../../../src/contracts/store.js'

/** Called with `new`, as stores are; what a constructor returns takes the new object's place. */
export default function GivenStore ({ store }: { store: Store }): Store {
  return store
}
