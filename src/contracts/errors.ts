/**
 * What operators and applications are told when something cannot be done: one class, and a code for each cause that stays the same when
 * the words change. The table below is docs/errors.md (`npm run docs`).
 *
 * Errors of ILP packets are others (src/packet/errors.ts): they become rejects.
 */

interface ErrorDescription {
  /** HTTP status of the answer. Errors at the start, which no request meets, have none. */
  status?: number
  when: string
  remedy: string
}

/** By area, in the order in which the page shows them. */
export const ERROR_TABLE = {
  'At the start': {
    SLUICE_CONFIG_INVALID: {
      status: 400,
      when: 'A setting, a configuration file or an account sent to the admin API is not valid.',
      remedy: 'The message has a line for each fault, with its place. Correct them all; nothing was changed.'
    },
    SLUICE_CANNOT_LISTEN: {
      when: 'A port cannot be opened, for HTTP or for BTP.',
      remedy: 'The message names host, port and the setting: free the port, or choose another.'
    },
    SLUICE_PROXY_UNREACHABLE: {
      when: 'The SOCKS5 proxy that the node is to use (`transport.socksProxy`) does not answer. The node does not connect without it.',
      remedy: 'Start the proxy, or correct the address (docs/transport.md).'
    },
    SLUICE_PROXY_UNUSABLE: {
      when: 'The proxy that the node is to run itself (`transport.managed`) does not start, or its hidden service is another than configured.',
      remedy: 'The message has the reason, and what the program said last.'
    },
    SLUICE_MODULE_NOT_FOUND: {
      status: 400,
      when: 'A plugin, middleware, backend or store of the configuration, or of an account sent to the admin API, does not exist under its name.',
      remedy: 'Correct the name, or install the package. The message says where Sluice looked for it.'
    },
    SLUICE_MODULE_UNUSABLE: {
      status: 400,
      when: 'A plugin, middleware, backend or store was found but cannot be loaded, or rejects its options.',
      remedy: 'The message has the module\'s own reason and the setting that names it.'
    },
    SLUICE_STORE_IN_USE: {
      when: 'Another process, or another connector in this one, has the store open.',
      remedy: 'Stop it, or use another directory (`CONNECTOR_STORE_PATH`, `dataPath` of a node).'
    },
    SLUICE_STORE_OF_ANOTHER: {
      when: 'Without `storePath`: the data in the default place is that of another connector, or nothing says whose it is.',
      remedy: 'Set `storePath` (`CONNECTOR_STORE_PATH`): to the directory in the message, if its balances are this connector\'s; otherwise to another one.'
    },
    SLUICE_STORE_DAMAGED: {
      when: 'The data in the store is damaged.',
      remedy: 'Restore the directory from a backup. With an empty directory the connector starts, but has lost all balances.'
    },
    SLUICE_STORE_NEWER: {
      when: 'The store was written by a newer version of Sluice, in a format that this one does not know.',
      remedy: 'Start that version, or a newer one. Nothing was changed. Do not restore an old backup for this: it forgets what was paid since.'
    },
    SLUICE_STORE_UNUSABLE: { when: 'The store cannot be opened.', remedy: 'The message has the reason, such as permissions or a full disk, or that it did not open in time.' },
    SLUICE_TIGERBEETLE_UNUSABLE: {
      when: 'The package for the ledger `tigerbeetle` is not installed, or its replicas cannot be used.',
      remedy: 'Run `npm install tigerbeetle-node`, and check the addresses of the replicas.'
    },
    SLUICE_BACKEND_UNUSABLE: { when: 'The backend has no rates to start with.', remedy: 'The message has its reason. Check `backendConfig`, and the network.' },
    SLUICE_NO_RATE: {
      status: 400,
      when: 'A peer of a node counts in another asset than the node, and no rate is known between the two.',
      remedy: 'Write the rate in `rates.fixed`, or name a backend that knows both assets in `rates.backend`.'
    },
    SLUICE_NO_ADDRESS: {
      when: 'The connector has neither an ILP address nor a parent to ask for one.',
      remedy: 'Set `CONNECTOR_ILP_ADDRESS`, or add an account with the relation `parent`.'
    },
    SLUICE_NODE_RENAMED: {
      when: 'The node had another `nodeId` before, and its payment channels under that name are not settled.',
      remedy: 'Start it under the old id until they are, or move its books as the message says.'
    },
    SLUICE_API_UNPROTECTED: {
      when: 'The admin API or the explorer of a connector would be open to a network without a key.',
      remedy: 'Set `CONNECTOR_ADMIN_API_KEY`, or bind it to 127.0.0.1.'
    },
    SLUICE_API_KEY_UNUSABLE: {
      when: 'The configured admin API key has characters that an HTTP header cannot carry.',
      remedy: 'Use printable ASCII, without line breaks and without spaces at the ends. A key read from a file often ends in a line break.'
    },
    SLUICE_NOT_STARTED: {
      status: 500,
      when: 'A call needs a running node.',
      remedy: 'Wait for `start()` to resolve before you call it.'
    }
  },
  'Who may ask': {
    SLUICE_API_KEY_WRONG: { status: 401, when: 'The key is missing or wrong.', remedy: 'Send the configured key in the `X-Api-Key` header; for `/metrics`, a bearer token will do, too.' },
    SLUICE_TOO_MANY_WRONG_KEYS: {
      status: 429,
      when: 'An address has sent more than ten wrong keys: it guesses, or has an old key. Wrong keys are answered later and later.',
      remedy: 'Send the right key: it is never kept waiting.'
    },
    SLUICE_API_KEY_IN_QUERY: {
      status: 401,
      when: 'The key is in the query string, which ends up in logs.',
      remedy: 'Send it in the `X-Api-Key` header, and replace the key that was logged.'
    },
    SLUICE_CLIENT_REFUSED: {
      status: 403,
      when: 'The client\'s address is not allowed.',
      remedy: 'Add it to `adminApi.allowedIPs` (`ADMIN_API_ALLOWED_IPS`), or set a key: without either, only private networks are served.'
    },
    SLUICE_HOST_REFUSED: {
      status: 403,
      when: 'The request shows no key, and its `Host` header is a name that is not listed: a web page may have made its own name lead here.',
      remedy: 'Use an address or `localhost`, send the key, or list the name: `adminApi.allowedHosts` (`ADMIN_API_ALLOWED_HOSTS`) of a node, ' +
        '`adminApiAllowedHosts` (`CONNECTOR_ADMIN_API_ALLOWED_HOSTS`) of a connector.'
    },
    SLUICE_ORIGIN_REFUSED: {
      status: 403,
      when: 'The request shows no key, and comes from a web page of another origin.',
      remedy: 'Set a key, and send it from the page\'s own server.'
    }
  },
  'The faucet': {
    SLUICE_FAUCET_LIMIT: {
      status: 429,
      when: 'The address, or the client, has had its share of the faucet\'s money.',
      remedy: 'Wait as long as the message says.'
    },
    SLUICE_FAUCET_UNUSABLE: {
      status: 503,
      when: 'The faucet\'s token is not on the chain yet, its money is used up, or it is asked for more than it can send at once.',
      remedy: 'Try again later. Its operator deploys the token, or fills up the address that the faucet sends from.'
    }
  },
  Requests: {
    SLUICE_PATH_UNKNOWN: {
      status: 404,
      when: 'There is no such method and path.',
      remedy: 'Look for it in the OpenAPI document: `/openapi.json` of a connector, `/admin/openapi.json` of a node.'
    },
    SLUICE_HOST_INVALID: {
      status: 400,
      when: 'The `Host` header names neither a host nor an address.',
      remedy: 'Correct it, such as `localhost:8081`. Programs that are given a valid URL send a valid one.'
    },
    SLUICE_BODY_TYPE_WRONG: {
      status: 415,
      when: 'A request has a body that does not say that it is JSON.',
      remedy: 'Send the header `Content-Type: application/json`. Text and forms can be sent by any web page, so they are refused even with the key.'
    },
    SLUICE_BODY_NOT_JSON: { status: 400, when: 'The body is not JSON.', remedy: 'Send JSON. The message does not repeat the body, because it may hold secrets.' },
    SLUICE_BODY_MISSING: { status: 400, when: 'The route needs a JSON object as its body.', remedy: 'Send one.' },
    SLUICE_BODY_INVALID: { status: 400, when: 'A field of the body is missing, unknown or wrong.', remedy: 'The message names the first fault.' },
    SLUICE_QUERY_INVALID: { status: 400, when: 'A filter behind the question mark is unknown or wrong.', remedy: 'The message names it, and what is expected.' },
    SLUICE_EXPLORER_BUSY: {
      status: 503,
      when: 'The explorer is asked more than it can answer at once: by many pages, or by a program that does not wait for answers.',
      remedy: 'Try again in a moment, and ask one question after the other.'
    },
    SLUICE_HISTORY_UNUSABLE: {
      status: 500,
      when: 'The history of the explorer cannot be read.',
      remedy: 'GET /api/health of the explorer and the log have the reason, such as a full disk. Payments do not depend on it.'
    },
    SLUICE_EVENTS_UNKNOWN: {
      status: 404,
      when: 'The explorer does not know what was asked for: a packet that it did not record, or balances where none are kept.',
      remedy: 'Under load, packets are counted, and only some are recorded one by one. Old ones are forgotten: see `retentionDays` and `maxEvents` of the explorer.'
    },
    SLUICE_BODY_INCOMPLETE: { status: 400, when: 'The body ended early.', remedy: 'Check the connection and `Content-Length`, and send it again.' },
    SLUICE_BODY_TOO_LARGE: { status: 413, when: 'The body is larger than the route accepts.', remedy: 'Send less; the message says how much is allowed.' },
    SLUICE_UNEXPECTED: {
      status: 500,
      when: 'An unexpected error occurred.',
      remedy: 'The log has the whole error. If it does not come from a plugin or middleware of your own, report it.'
    }
  },
  'Accounts of a connector': {
    SLUICE_ACCOUNT_ID_INVALID: { status: 400, when: 'An account id has characters other than `A-Z a-z 0-9 _ - ~ .`.', remedy: 'Correct the path.' },
    SLUICE_ACCOUNT_UNKNOWN: { status: 404, when: 'No account has this id.', remedy: 'GET /accounts lists them.' },
    SLUICE_ACCOUNT_ID_TAKEN: { status: 409, when: 'An account with this id already exists.', remedy: 'Choose another id.' },
    SLUICE_FILE_REFUSED: {
      status: 400,
      when: 'An account sent to the admin API names a file: a plugin by its path or URL, or a certificate or key. Nothing was loaded or opened.',
      remedy: 'Name a built-in plugin or an installed package, and write certificates and keys as PEM text; or put the account into `CONNECTOR_ACCOUNTS`. ' +
        '`CONNECTOR_ADMIN_API_ALLOW_PATHS=true` (`adminApiAllowPaths`) allows paths to everyone who can use the admin API.'
    },
    SLUICE_ACCOUNT_UNSETTLED: {
      status: 409,
      when: 'An account or peer cannot be removed while money is in its payment channels.',
      remedy: 'Close the channels that the message names, and remove it when they are settled.'
    },
    SLUICE_ADMIN_INFO_UNSUPPORTED: {
      status: 404,
      when: 'The account\'s plugin has no admin info, or accepts no admin commands.',
      remedy: 'Nothing: this plugin does not support it. `adminInfo` in GET /accounts shows which plugins do.'
    },
    SLUICE_ADMIN_COMMAND_UNKNOWN: { status: 400, when: 'The account\'s plugin does not know this command.', remedy: 'The message lists the commands that it knows.' },
    SLUICE_ALERT_ID_INVALID: { status: 400, when: 'An alert id is not a number.', remedy: 'GET /alerts lists them with their ids.' }
  },
  'Balances and settlement of a connector': {
    SLUICE_BALANCES_OFF: {
      status: 409,
      when: 'No balances are kept: the balance middleware is disabled.',
      remedy: 'Take `balance` out of `disableMiddleware` and restart.'
    },
    SLUICE_BALANCE_UNKNOWN: { status: 404, when: 'The account has no balance.', remedy: 'GET /balance lists the accounts that have one.' },
    SLUICE_BALANCE_LIMIT: {
      status: 409,
      when: 'The balance would pass the account\'s `minimum` or `maximum`.',
      remedy: 'Choose a smaller amount, or change the account\'s limits.'
    },
    SLUICE_SETTLEMENT_OFF: {
      status: 409,
      when: 'This connector does not settle: the built-in balance middleware is disabled.',
      remedy: 'Take `balance` out of `disableMiddleware` and restart.'
    },
    SLUICE_PAYS_NOTHING: {
      status: 409,
      when: 'The plugin of the account only carries packets and cannot pay, such as `btp` and `local`.',
      remedy: 'Pay the peer by other means and correct the balance with POST /balance, or give the account a plugin that settles.'
    },
    SLUICE_NOT_DUE: { status: 409, when: 'The amount is more than is due.', remedy: 'Pay at most what the message says, or leave the amount out.' },
    SLUICE_NOT_PAYABLE: {
      status: 409,
      when: 'The plugin cannot pay exactly this amount.',
      remedy: 'Choose a multiple of the unit that the message names.'
    },
    SLUICE_SETTLEMENT_UNKNOWN: { status: 404, when: 'No open settlement has this id.', remedy: 'GET /settlements lists them.' },
    SLUICE_SETTLEMENT_UNDER_WAY: { status: 409, when: 'The settlement is being paid.', remedy: 'Wait for its outcome.' },
    SLUICE_SETTLEMENT_MAY_BE_PAID: {
      status: 409,
      when: 'A settlement cannot be closed as unpaid, because the plugin may have paid it, or may still pay.',
      remedy: 'Let the plugin finish it; if its account was removed, add it again.'
    }
  },
  Prices: {
    SLUICE_NO_PRICES: {
      status: 409,
      when: 'The backend has no prices that could be shown or set.',
      remedy: 'Use a backend that has, such as `market`; see [backends](backends.md).'
    },
    SLUICE_ASSET_UNKNOWN: { status: 404, when: 'A price is set for an asset that no account has.', remedy: 'The message lists the assets of the accounts.' },
    SLUICE_PRICE_REFUSED: { status: 409, when: 'A price is set for the currency that all prices are in.', remedy: 'Set the price of another asset.' },
    SLUICE_PRICE_UNKNOWN: { status: 404, when: 'A price is to be taken back that nobody has set.', remedy: 'GET /prices, or /admin/prices of a node, lists those that are set.' }
  },
  'Peers and routes': {
    SLUICE_PEER_UNKNOWN: { status: 404, when: 'No peer has this id.', remedy: 'GET /admin/peers lists them.' },
    SLUICE_PEER_UNREACHABLE: { when: 'A `BTPClient` could not connect to the peer, or was refused, in time.', remedy: 'Check the URL and the secret.' },
    SLUICE_PEER_INVALID: { status: 400, when: 'A field of the peer is invalid.', remedy: 'The message names the field. Nothing was changed.' },
    SLUICE_PEER_ADDRESS_SHARED: {
      status: 409,
      when: 'Another peer has the same settlement address on the same chain.',
      remedy: 'Give each peer an address of its own: payments of the two could not be told apart.'
    },
    SLUICE_PEER_UNUSABLE: { status: 400, when: 'The peer\'s account cannot be created.', remedy: 'The message has the reason. Nothing was changed, unless it says so.' },
    SLUICE_PEER_UNSETTLED: {
      status: 409,
      when: 'A peer would change its account while money is in the payment channels of the one it has.',
      remedy: 'Close the channels that the message names, and try again when they are settled.'
    },
    SLUICE_NO_AUDIT_LOG: { status: 404, when: 'A program asks for the audit log of a node that has none.', remedy: 'Set `security.audit.enabled` (`AUDIT_LOG_ENABLED`) to true.' },
    SLUICE_PEER_NOT_PAUSED: {
      status: 409, when: 'A peer is to be resumed that is not paused.', remedy: 'GET /admin/security/paused, or /paused of a connector, lists those that are.'
    },
    SLUICE_NO_GUARD: {
      status: 404,
      when: 'An account of a connector is to be paused or resumed, and no middleware does that.',
      remedy: 'Add `guard` to CONNECTOR_MIDDLEWARES: see docs/security.md.'
    },
    SLUICE_TOO_MANY_PEERS: { status: 400, when: 'The node has the maximum number of peers.', remedy: 'Remove some first.' },
    SLUICE_ROUTE_UNKNOWN: { status: 404, when: 'There is no such route.', remedy: 'GET /routes of a connector, GET /admin/routes of a node lists them.' },
    SLUICE_ROUTE_INVALID: { status: 400, when: 'A route\'s prefix, next hop or priority cannot be used.', remedy: 'The message says which, and why.' },
    SLUICE_NO_HIDDEN_SERVICE: {
      status: 503,
      when: 'A program asks for the name of a node\'s hidden service, and the node looks after none.',
      remedy: 'Nothing: peers reach the node at its own host and `btpServerPort`. To have one, see docs/transport.md.'
    },
    SLUICE_TOO_MANY_ROUTES: { status: 400, when: 'The node has the maximum number of routes.', remedy: 'Remove some first, or use shorter prefixes.' }
  },
  'Payment channels': {
    SLUICE_NO_CHAIN: {
      status: 503,
      when: 'No settlement chain is configured for this node, or for this peer.',
      remedy: 'Add the chain to `chainProviders`, and `chain` and an address to the peer (docs/settlement.md).'
    },
    SLUICE_CHAIN_UNREACHABLE: {
      status: 503,
      when: 'The settlement chain cannot be used at the moment.',
      remedy: 'Check `rpcUrl` and the reason in the message. The node keeps trying by itself.'
    },
    SLUICE_CHANNELS_UNSUPPORTED: { status: 503, when: 'The peer\'s plugin cannot do this with a channel.', remedy: 'Nothing: this plugin does not support it.' },
    SLUICE_CHANNEL_UNKNOWN: { status: 404, when: 'No channel, and no peer with channels, has this id.', remedy: 'GET /admin/channels lists them.' },
    SLUICE_CHANNEL_EXISTS: { status: 409, when: 'There already is an open channel with the peer.', remedy: 'Add to the deposit of that channel.' },
    SLUICE_CHANNEL_TERMS: {
      status: 400,
      when: 'A channel cannot be opened on these terms: another chain, token or address, or an impossible deposit or challenge period.',
      remedy: 'The message says what was found and what is expected.'
    },
    SLUICE_CHANNEL_STATE: {
      status: 400,
      when: 'The channel is in a state that does not allow this.',
      remedy: 'Check its `status`: deposits need an open channel, and `settle` needs a channel whose challenge period is over.'
    },
    SLUICE_CLAIM_UNKNOWN: { status: 404, when: 'The peer has not paid with a claim on this channel yet.', remedy: 'Wait for a payment.' }
  },
  'Packets of your own': {
    SLUICE_PACKET_INVALID: { status: 400, when: 'A field of the packet is missing or wrong.', remedy: 'The message names the first fault.' },
    SLUICE_PACKET_TIMED_OUT: {
      status: 408,
      when: 'No answer came within `timeoutMs`. The packet has expired.',
      remedy: 'Send it again, perhaps with more time.'
    },
    SLUICE_NODE_NOT_READY: { status: 503, when: 'The node is starting or stopping.', remedy: 'Wait until /health/ready answers 200.' },
    SLUICE_NO_SENDER: { status: 503, when: 'An `IlpSendHandler` was created without a sender.', remedy: 'Give it `packet => node.sendPacket(packet)`.' }
  }
} as const satisfies Readonly<Record<string, Readonly<Record<string, ErrorDescription>>>>

type Areas = typeof ERROR_TABLE
export type ErrorCode = { [Area in keyof Areas]: keyof Areas[Area] }[keyof Areas]

const descriptions: ReadonlyMap<unknown, ErrorDescription> = new Map(
  Object.values(ERROR_TABLE).flatMap(area => Object.entries<ErrorDescription>(area)))

/** A request or a setting that cannot be met as it is; nothing was changed. `message` says what was found and what to do. */
export class SluiceError extends Error {
  override readonly name: string = 'SluiceError'
  /** What the admin API answers with. Middlewares and plugins of others throw errors with this field, too. */
  readonly httpErrorCode: number

  constructor (readonly code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.httpErrorCode = statusOfCode(code)
  }
}

/** The `code` of anything that was thrown, if it is one of ours. */
export function codeOf (thrown: unknown): ErrorCode | undefined {
  const { code } = Object(thrown) as { code?: unknown }
  return isErrorCode(code) ? code : undefined
}

export function statusOfCode (code: ErrorCode): number {
  return descriptions.get(code)?.status ?? 500
}

/** Throws SLUICE_STORE_NEWER for a record with a higher `version` than ours: what it says is nothing that we could know. */
export function refuseNewer (record: string, value: unknown, ours: number): void {
  const { version } = Object(value) as { version?: unknown }
  if (typeof version !== 'number' || version <= ours) return
  throw new SluiceError('SLUICE_STORE_NEWER', `the store was written by a newer Sluice (record=${record} format ${version}, this is ${ours}): ` +
    'start that version, or a newer one. Nothing was changed.')
}

function isErrorCode (code: unknown): code is ErrorCode {
  return descriptions.has(code)
}
