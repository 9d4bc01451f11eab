/**
 * Browsers are strangers: they run anyone's pages, and any page may open a WebSocket to any address that the browser reaches, behind
 * firewalls and on loopback too. Only browsers say whose page asks (`Origin`, RFC 6455 section 10.2), and they always do.
 */
import type { IncomingMessage } from 'node:http'
import type { ServerOptions, VerifyClientCallbackAsync, VerifyClientCallbackSync } from 'ws'
import { isListedOrigin } from '../../src/lib/origins.js'

/** Of an origin, this much is logged. */
const MAX_SHOWN = 100
const REFUSED = 'Web pages of this origin may not connect. ' +
  'The operator can list it: listener.allowedOrigins of the account, btpAllowedOrigins of the node.\n'

type VerifyClient = NonNullable<ServerOptions['verifyClient']>

/** A check for `ws` that lets programs in, and pages on the list; then comes the operator's own check, if there is one. */
export function listedPagesOnly (
  { allowedOrigins, wsOpts }: { allowedOrigins: readonly string[], wsOpts: ServerOptions | undefined },
  refused: (request: IncomingMessage, reason: string) => void, isRefusedClient: (request: IncomingMessage) => boolean
): VerifyClientCallbackAsync {
  return (info, done) => {
    if (isRefusedClient(info.req)) {
      refused(info.req, 'its address is not allowed')
      done(false, 403, 'Your address may not connect.\n')
      return
    }
    const { headers } = info.req
    // The old name is that of version 8, which `ws` still speaks. Of two names for one thing, neither may be a stranger's.
    const strange = [headers.origin, headers['sec-websocket-origin']].flat()
      .find(origin => origin !== undefined && !isListedOrigin(origin, allowedOrigins))
    if (strange === undefined) {
      askToo(wsOpts?.verifyClient, info, done)
      return
    }
    refused(info.req, `a web page whose origin is not listed. origin=${strange.slice(0, MAX_SHOWN)}`)
    done(false, 403, REFUSED)
  }
}

function askToo (verify: VerifyClient | undefined, ...[info, done]: Parameters<VerifyClientCallbackAsync>): void {
  if (verify === undefined) done(true)
  else if (isSync(verify)) done(verify(info))
  else verify(info, done)
}

/** As `ws` tells the two apart. */
function isSync (verify: VerifyClient): verify is VerifyClientCallbackSync {
  return verify.length !== 2
}
