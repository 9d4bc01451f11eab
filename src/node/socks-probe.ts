/**
 * Asks a SOCKS5 proxy whether it is there, and whether it reaches somebody (RFC 1928). Reads the few bytes that tell it, and closes the
 * connection: what peers are dialled with is in the plugin.
 */
import { connect, type Socket } from 'node:net'

export interface Place {
  host: string
  port: number
}

const SOCKS5 = 5
const WITHOUT_CREDENTIALS = 0
const WITH_USER = 2
const CONNECT = 1
const NAME = 3
/** By the number in a refusal. */
const REASONS = [
  '', 'general failure', 'not allowed', 'network unreachable', 'host unreachable', 'connection refused', 'the circuit was too slow', 'command not supported',
  'address type not supported'
]

/** Resolves to why the proxy cannot be used, and to undefined when it can. */
export async function proxyTrouble (proxy: Place, timeoutMs: number): Promise<string | undefined> {
  return await asking(proxy, timeoutMs, async (socket, answer) => {
    socket.write(Buffer.from([SOCKS5, 2, WITHOUT_CREDENTIALS, WITH_USER]))
    return (await answer())[0] === SOCKS5 ? undefined : 'it does not speak SOCKS5'
  })
}

/** Resolves to why the proxy does not reach a name, and to undefined when it does. Nothing is said to who is there. */
export async function reachTrouble (proxy: Place, { host, port }: Place, timeoutMs: number): Promise<string | undefined> {
  return await asking(proxy, timeoutMs, async (socket, answer) => {
    socket.write(Buffer.from([SOCKS5, 1, WITHOUT_CREDENTIALS]))
    const [version, method] = await answer()
    if (version !== SOCKS5 || method !== WITHOUT_CREDENTIALS) return 'it does not speak SOCKS5 without credentials'
    const name = Buffer.from(host)
    socket.write(Buffer.from([SOCKS5, CONNECT, 0, NAME, name.length, ...name, port >> 8, port & 0xff]))
    const [, reply = 1] = await answer()
    return reply === 0 ? undefined : REASONS[reply] ?? `refused, code ${reply}`
  })
}

async function asking (
  { host, port }: Place, timeoutMs: number, ask: (socket: Socket, answer: () => Promise<Buffer>) => Promise<string | undefined>
): Promise<string | undefined> {
  const socket = connect({ host, port })
  let fail: (reason: Error) => void = () => undefined
  const failed = new Promise<never>((_resolve, reject) => { fail = reject })
  failed.catch(() => undefined)
  const deadline = setTimeout(() => { fail(new Error(`no answer within ${timeoutMs} ms`)) }, timeoutMs).unref()
  socket.on('error', fail)
  socket.on('close', () => { fail(new Error('it closed the connection')) })
  const answer = (): Promise<Buffer> => Promise.race([failed, new Promise<Buffer>(resolve => { socket.once('data', resolve) })])
  try {
    await Promise.race([failed, new Promise(resolve => { socket.once('connect', resolve) })])
    return await ask(socket, answer)
  } catch (error) {
    return error instanceof Error ? error.message : 'it cannot be reached'
  } finally {
    clearTimeout(deadline)
    socket.destroy()
  }
}
