/** Lets the parts of the connector tell of what has happened, without knowing who listens. */
import type { Notice } from '../contracts/explorer-events.js'
import type { Signed } from '../contracts/plugin.js'

export class Notices {
  /** Never throws. Undefined: nobody listens. */
  tell: ((notice: Notice) => void) | undefined
  /** Never throws. Undefined: nobody keeps a record of what keys are asked to sign. */
  signed: ((accountId: string, signed: Signed) => void) | undefined
}
