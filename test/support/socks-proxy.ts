/** A SOCKS5 proxy that writes down what it is asked, knows names that no resolver knows, and misbehaves as the test says. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** What one client has asked for. */
export interface Asked {
  /** 1: an IPv4 address, 3: a name, 4: an IPv6 address. */
  addressType: number
  host: string
  port: number
  user: string | undefined
  password: string | undefined
}

/** From the greeting of a client on. */
export type Manners =
  | 'good' | 'refuses' | 'silent' | 'garbage' | 'refuses-users' | 'wants-users' | 'says-half' | 'closes-after-greeting' | 'closes-after-request'
  | 'silent-after-request' | 'never-ends'

export class TestSocksProxy {
  readonly asked: Asked[] = []
  manners: Manners = 'good'
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor (private readonly names: ReadonlyMap<string, number>) {
    this.#server = createServer(socket => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => this.#sockets.delete(socket))
      void this.#serve(socket).catch(() => { socket.destroy() })
    })
  }

  /** @param names with the port on this machine that each leads to, whatever port it is asked for with */
  static async start (names: Readonly<Record<string, number>> = {}, port = 0): Promise<TestSocksProxy> {
    const proxy = new TestSocksProxy(new Map(Object.entries(names)))
    proxy.#server.listen(port, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port (): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url (): string {
    return `socks5h://127.0.0.1:${this.port}`
  }

  get connections (): number {
    return this.#sockets.size
  }

  /** As when all circuits are lost: what was connected is not any more. */
  cut (): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async stop (): Promise<void> {
    const closed = new Promise(resolve => { this.#server.close(resolve) })
    this.cut()
    await closed
  }

  async #serve (socket: Socket): Promise<void> {
    const next = reader(socket)
    const [version, count = 0] = await next(2)
    if (version !== 5) throw new Error('not SOCKS5')
    const methods = await next(count)
    const takesUser = methods.includes(2) && this.manners !== 'refuses-users' && this.manners !== 'wants-users'
    if (this.manners === 'silent') return
    if (this.manners === 'closes-after-greeting') throw new Error('as the test says')
    if (this.manners === 'garbage') socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
    if (this.manners === 'never-ends') for (let i = 0; i < 64; i++) socket.write(Buffer.alloc(65_536, 5))
    socket.write(Buffer.from([5, takesUser ? 2 : this.manners === 'wants-users' ? 255 : 0]))
    const { user, password } = takesUser ? await credentials(next, socket) : {}
    const [, , , addressType = 0] = await next(4)
    const host = addressType === 3 ? String(await next((await next(1))[0] ?? 0)) : (await next(addressType === 1 ? 4 : 16)).join('.')
    const port = (await next(2)).readUInt16BE()
    this.asked.push({ addressType, host, port, user, password })
    const target = this.names.get(host)
    if (this.manners === 'closes-after-request') socket.destroy()
    else if (this.manners === 'says-half') socket.write(Buffer.from([5, 0, 0]))
    else if (this.manners === 'silent-after-request') return
    else if (this.manners === 'refuses' || (target === undefined && addressType === 3)) socket.end(Buffer.from([5, 4, 0, 1, 0, 0, 0, 0, 0, 0]))
    else this.#carry(socket, target ?? port)
  }

  #carry (socket: Socket, port: number): void {
    const onward = connect({ host: '127.0.0.1', port })
    onward.on('error', () => socket.destroy())
    onward.on('connect', () => {
      socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
      socket.pipe(onward).pipe(socket)
    })
    socket.on('close', () => onward.destroy())
    onward.on('close', () => socket.destroy())
  }
}

type Next = (bytes: number) => Promise<Buffer>

async function credentials (next: Next, socket: Socket): Promise<Pick<Asked, 'user' | 'password'>> {
  const [, userBytes = 0] = await next(2)
  const user = String(await next(userBytes))
  const password = String(await next((await next(1))[0] ?? 0))
  socket.write(Buffer.from([1, 0]))
  return { user, password }
}

function reader (socket: Socket): Next {
  return async bytes => {
    for (;;) {
      const found = bytes === 0 ? Buffer.alloc(0) : socket.read(bytes) as Buffer | null
      if (found !== null) return found
      if (socket.destroyed) throw new Error('gone')
      await Promise.race([once(socket, 'readable'), once(socket, 'close')])
    }
  }
}
