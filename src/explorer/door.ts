/**
 * What the door knows through which a connector was started, and the connector does not: a node has peers, an environment and a
 * configuration of its own. A node sets it before the connector is made; without it, the connector speaks for itself.
 */
import type { ExplorerAccess } from './access.js'
import type { DoorFacts } from './views/facts.js'

interface Place {
  access: ExplorerAccess
  port: number
  /** Whether somebody asked for the explorer or its port. One that is there by default goes without a port that is taken. */
  isAsked: boolean
  /** Whether it has a port of its own. */
  hasPort: boolean
  /** How the operator sets host and port, for errors. */
  settings: { host: string, port: string }
  /** Where the history is kept. */
  historyPath: string
}

export interface Door extends Place {
  facts: DoorFacts
}

/** A service of the connector. */
export class ExplorerDoor {
  /** Undefined: that of the connector itself. */
  node: Door | undefined
}
