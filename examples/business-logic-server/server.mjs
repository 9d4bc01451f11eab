/**
 * A business logic server: the part of a paid service that decides. The connector asks it about every packet that ends at this node
 * (`POST /handle-packet`), and it asks the connector to send packets of its own (`POST /send` here, also called `/trigger-admin-send`, is
 * passed on to the admin API).
 *
 *   PORT=3100 CONNECTOR_ADMIN_URL=http://localhost:8081 ADMIN_API_KEY=... node server.mjs
 */
import { createServer } from 'node:http'

const PORT = Number(process.env.PORT ?? 3100)
const HOST = process.env.HOST ?? '127.0.0.1'
const { CONNECTOR_ADMIN_URL, ADMIN_API_KEY } = process.env
/** What one packet may pay at most. Put the rules of your service in `decide`. */
const MAX_AMOUNT = 100_000n
const MAX_BODY_BYTES = 1024 * 1024
/** GET /received shows this many at most. */
const MAX_REMEMBERED = 1000

const received = []

/** The amount is a decimal string: it may be larger than a JavaScript number can be. `data` is base64 and may be missing. */
function decide ({ paymentId, destination, amount, data, isTransit, sourcePeer }) {
  if (isTransit) return { accept: true } // only passes through: nobody looks at the answer
  if (BigInt(amount) > MAX_AMOUNT) return { accept: false, rejectReason: { code: 'invalid_amount', message: 'amount exceeds limit' } }
  received.push({ paymentId, destination, amount, data, sourcePeer })
  if (received.length > MAX_REMEMBERED) received.shift()
  return { accept: true, data } // the sender gets its data back, as a receipt
}

/** Sends a packet through the connector and hands on what that answers. */
async function send ({ destination, amount = '0', data = '' }) {
  if (CONNECTOR_ADMIN_URL === undefined) return { status: 500, body: { error: 'CONNECTOR_ADMIN_URL not set' } }
  try {
    const response = await fetch(`${CONNECTOR_ADMIN_URL}/admin/ilp/send`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(ADMIN_API_KEY && { 'x-api-key': ADMIN_API_KEY }) },
      body: JSON.stringify({ destination, amount, data })
    })
    return { status: response.status, body: await response.json() }
  } catch (error) {
    return { status: 502, body: { error: `the connector cannot be reached: ${error.cause?.message ?? error.message}` } }
  }
}

const routes = {
  'GET /health': async () => ({ status: 200, body: { status: 'healthy' } }),
  'GET /received': async () => ({ status: 200, body: { count: received.length, received } }),
  'POST /handle-packet': async body => ({ status: 200, body: decide(body) }),
  'POST /send': async body => send(body),
  'POST /trigger-admin-send': async body => send(body)
}

const NOT_FOUND = `Not found. This is a business logic server; it has ${Object.keys(routes).join(', ')}.`

const server = createServer(async (request, response) => {
  let answer = { status: 404, body: { error: NOT_FOUND } }
  try {
    const route = routes[`${request.method} ${request.url}`]
    if (route !== undefined) answer = await route(request.method === 'POST' ? await readJson(request) : undefined)
  } catch (error) {
    answer = { status: error instanceof SyntaxError ? 400 : 500, body: { error: error.message } }
  }
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
})

async function readJson (request) {
  const chunks = []
  let length = 0
  for await (const chunk of request) {
    length += chunk.length
    if (length > MAX_BODY_BYTES) throw new Error('body too large')
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString())
}

server.listen(PORT, HOST, () => console.log(`business logic server on http://${HOST}:${server.address().port}`))
