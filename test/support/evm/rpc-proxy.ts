/** Stands between a client and a node, and makes of it the nodes that one meets: cut off, silent, behind, telling something else. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface RpcRequest { id: number, method: string, params: unknown[] }

export type RpcAnswer = { result: unknown } | { error: { code: number, message: string, data?: string } }

type Ask = (request: RpcRequest) => Promise<RpcAnswer>
/** Undefined: never answers. `ask` gets the node's own answer, also to another question. */
export type Behaviour = (request: RpcRequest, ask: Ask) => Promise<RpcAnswer | undefined> | RpcAnswer | undefined

export class RpcProxy {
  behaviour: Behaviour = (request, ask) => ask(request)
  /** Methods, in the order of the requests. */
  readonly methods: string[] = []
  isCut = false
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((request, response) => { this.#serve(request, response).catch(() => response.destroy()) })

  constructor (private readonly target: string) {
    this.#server.on('connection', (socket: Socket) => {
      if (this.isCut) {
        socket.destroy()
        return
      }
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  /** With a secret in its path, as those of hosted nodes. */
  get url (): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v2/secret-access-key`
  }

  async start (): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return this
  }

  async stop (): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  cut (): void {
    this.isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  mend (): void {
    this.isCut = false
    this.behaviour = (request, ask) => ask(request)
  }

  async #serve (request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk)
    const question = JSON.parse(body) as RpcRequest
    this.methods.push(question.method)
    const answer = await this.behaviour(question, other => this.#ask(other))
    if (answer === undefined) return
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ jsonrpc: '2.0', id: question.id, ...answer }))
  }

  async #ask (request: RpcRequest): Promise<RpcAnswer> {
    const response = await fetch(this.target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', ...request })
    })
    return await response.json() as RpcAnswer
  }
}
