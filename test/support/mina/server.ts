/** One node of the stand-in: the GraphQL of a daemon over HTTP, with faults of its own. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Checker } from './contract-check.js'
import { faultAt, noFaults, type Faults } from './faults.js'
import { graphqlAnswer, type Arguments } from './graphql.js'
import type { ChainLedger } from './ledger.js'
import type { Network } from './network.js'
import { queryOf } from './schema.js'
import { mutationOf } from './sending.js'

const QUERIES_KEPT = 1000

export interface NodeParts {
  network: Network
  networkId: string
  checker: Checker | undefined
  signatures: ChainLedger
}

export class MinaNode {
  readonly faults: Faults = noFaults()
  /** The texts that were asked, the newest last. */
  readonly asked: string[] = []
  private readonly server: Server

  constructor (private readonly parts: NodeParts) {
    this.server = createServer((request, response) => { void this.serve(request, response) })
  }

  async start (port = 0): Promise<string> {
    this.server.listen(port, '127.0.0.1')
    await once(this.server, 'listening')
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/graphql`
  }

  async stop (): Promise<void> {
    this.server.close()
    this.server.closeAllConnections()
    await once(this.server, 'close')
  }

  private async serve (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    this.asked.push(body)
    if (this.asked.length > QUERIES_KEPT) this.asked.shift()
    const fault = faultAt(this.faults, body)
    if (fault === 'hang') return
    if (fault === 'loseRequest') {
      request.socket.destroy()
      return
    }
    if (fault === 'status' || fault === 'garbage') {
      response.writeHead(fault === 'status' ? 503 : 200, { 'content-type': 'text/html' }).end('<html>Bad gateway</html>')
      return
    }
    const { status, answer } = await this.answer(body, fault === 'error')
    if (fault === 'loseAnswer') request.socket.destroy()
    else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }

  private async answer (body: string, fails: boolean): Promise<{ status: number, answer: object }> {
    if (fails) return { status: 200, answer: { errors: [{ message: 'stand-in: told to fail', path: [] }], data: null } }
    const { network, networkId } = this.parts
    try {
      const { query, variables } = JSON.parse(body) as { query: string, variables?: Arguments | null }
      const roots = { query: queryOf(network, this.faults, networkId), mutation: mutationOf({ ...this.parts, faults: this.faults }) }
      return { status: 200, answer: await graphqlAnswer(query, variables ?? {}, roots) }
    } catch (error) {
      return { status: 400, answer: { errors: [{ message: error instanceof Error ? error.message : String(error) }] } }
    }
  }
}

export async function bodyOf (request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}
