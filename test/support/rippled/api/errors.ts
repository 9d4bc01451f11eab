/** Errors of the API (rippled ErrorCodes.cpp). */

const ERRORS: Readonly<Record<string, readonly [number, string]>> = {
  tooBusy: [9, 'The server is too busy to help you now.'],
  slowDown: [10, 'You are placing too much load on the server.'],
  amendmentBlocked: [14, 'Amendment blocked, need upgrade.'],
  noNetwork: [17, 'Not synced to the network.'],
  notSynced: [18, 'Not synced to the network.'],
  actNotFound: [19, 'Account not found.'],
  lgrNotFound: [21, 'Ledger not found.'],
  txnNotFound: [29, 'Transaction not found.'],
  invalidParams: [31, 'Invalid parameters.'],
  unknownCmd: [32, 'Unknown method.'],
  actMalformed: [35, 'Account malformed.'],
  channelMalformed: [45, 'Payment channel is malformed.'],
  channelAmtMalformed: [46, 'Payment channel amount is malformed.'],
  lgrIdxsInvalid: [57, 'Ledger indexes invalid.'],
  lgrIdxMalformed: [58, 'Ledger index malformed.'],
  publicMalformed: [62, 'Public key is malformed.'],
  malformedStream: [71, 'Stream malformed.'],
  internal: [73, 'Internal error.'],
  excessiveLgrRange: [78, 'Ledger range exceeds 1000.'],
  invalidLgrRange: [79, 'Ledger range is invalid.'],
  entryNotFound: [98, 'Requested ledger entry not found.'],
  unexpectedLedgerType: [99, 'Unexpected ledger type.']
}

export class ApiError extends Error {
  /** @param more fields of the answer */
  constructor (readonly token: string, readonly more: Readonly<Record<string, unknown>> = {}) {
    super(token)
  }

  /** Errors without a number are told by their name alone, as rippled does. */
  fields (): Record<string, unknown> {
    const known = ERRORS[this.token]
    return { error: this.token, ...known === undefined ? {} : { error_code: known[0], error_message: known[1] }, ...this.more }
  }
}
