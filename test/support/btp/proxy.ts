/** A TCP proxy between two plugins, for connections that break in the ways in which connections break. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterTest } from '../btp.js'

/** `reset`: both ends get a TCP reset. `near`, `far`: one end is closed, and the other hears of it. `silence`: nothing passes any more. */
export type Break = 'reset' | 'near' | 'far' | 'silence'

interface Link {
  near: Socket
  far: Socket
  isSilent: boolean
}

export class Proxy {
  /** New connections are refused. */
  isDown = false
  #links = new Set<Link>()

  private constructor (private readonly server: Server, private readonly target: number) {
    server.on('connection', near => { this.#connect(near) })
  }

  /** In front of `port`. `near` are those that connect to the proxy. */
  static async start (port: number): Promise<Proxy> {
    const server = createServer()
    const proxy = new Proxy(server, port)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    afterTest(() => {
      server.close()
      proxy.break('reset')
    })
    return proxy
  }

  get port (): number {
    return (this.server.address() as AddressInfo).port
  }

  /** Breaks the connections there are. */
  break (how: Break): void {
    for (const link of this.#links) {
      link.isSilent = true
      if (how === 'reset') for (const socket of [link.near, link.far]) socket.resetAndDestroy()
      else if (how !== 'silence') link[how].destroy()
    }
  }

  #connect (near: Socket): void {
    if (this.isDown) {
      near.destroy()
      return
    }
    const far = connect(this.target, '127.0.0.1')
    const link = { near, far, isSilent: false }
    this.#links.add(link)
    for (const [from, to] of [[near, far], [far, near]] as const) {
      from.on('data', bytes => { if (!link.isSilent) to.write(bytes) })
      from.on('error', () => undefined)
      from.on('close', () => {
        this.#links.delete(link)
        to.destroy()
      })
    }
  }
}
