/** For programs that start several servers on one machine. */
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that systems lend to outgoing connections, so that none of those takes it before it is listened on. */
const FIRST = 10_000
const LAST = 32_000

let next = FIRST + Math.floor(Math.random() * (LAST - FIRST))

/** A port on 127.0.0.1 that nobody listens on at this moment, and that this process has not been given lately. */
export async function freePort (): Promise<number> {
  for (;;) {
    const port = next
    next = next === LAST ? FIRST : next + 1
    if (await isFree(port)) return port
  }
}

/** Whether nobody listens on this port at this moment. */
export async function isFree (port: number): Promise<boolean> {
  const server = createServer().listen(port)
  const free = await once(server, 'listening').then(() => true, () => false)
  if (!free) return false
  server.close()
  await once(server, 'close')
  return true
}
