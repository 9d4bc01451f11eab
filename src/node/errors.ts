/** Errors of the node that its users may want to tell apart. */

/** A call that needs a running node. */
export class ConnectorNotStartedError extends Error {
  override readonly name = 'ConnectorNotStartedError'

  constructor (call: string) {
    super(`Connector is not started. Call start() before ${call}().`)
  }
}

/** A request that cannot be met as it is; nothing was changed. `httpErrorCode` is what the admin API answers with. */
export class NodeRequestError extends Error {
  override readonly name = 'NodeRequestError'

  constructor (message: string, readonly httpErrorCode: 400 | 404 | 409 | 503 = 400) {
    super(message)
  }
}
