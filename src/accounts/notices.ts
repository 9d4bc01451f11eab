/** Lets the parts of the connector tell of what has happened, without knowing who listens. */
import type { Notice } from '../contracts/explorer-events.js'

export class Notices {
  /** Never throws. Undefined: nobody listens. */
  tell: ((notice: Notice) => void) | undefined
}
