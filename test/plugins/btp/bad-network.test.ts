/**
 * Between two plugins, frames get lost, doubled and reordered, and sockets cut. Every request still ends once, and never with the answer
 * to another.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import fc from 'fast-check'
import { WebSocket, WebSocketServer } from 'ws'
import { afterTest, closeAll, listening, makePlugin, serverUrl } from '../../support/btp.js'

type Fate = 'pass' | 'lose' | 'double' | 'delay' | 'cut'

/** What befalls one frame after the other, in either direction, once the connection stands. */
const fates: fc.Arbitrary<Fate[]> = fc.array(fc.oneof(
  { weight: 12, arbitrary: fc.constant<Fate>('pass') },
  { weight: 2, arbitrary: fc.constantFrom<Fate>('lose', 'double', 'delay') },
  { weight: 1, arbitrary: fc.constant<Fate>('cut') }
), { minLength: 20, maxLength: 60 })

/** A relay in front of `port`. Frames of the handshake pass, all others meet their fate; when no fates are left, everything passes. */
async function badNetwork (port: number, fates: Fate[]): Promise<number> {
  const relay = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  afterTest(() => {
    for (const client of relay.clients) client.terminate()
    relay.close()
  })
  relay.on('connection', near => {
    const far = new WebSocket(`ws://127.0.0.1:${port}`)
    const early: Buffer[] = []
    const cut = (): void => {
      near.terminate()
      far.terminate()
    }
    const carry = (to: WebSocket): (frame: Buffer) => void => {
      let delayed: Buffer | undefined
      let first = true
      return frame => {
        const fate = first ? 'pass' : fates.shift() ?? 'pass'
        first = false
        if (fate === 'cut') cut()
        if (fate === 'cut' || fate === 'lose') return
        if (fate === 'delay' && delayed === undefined) {
          delayed = frame
          return
        }
        to.send(frame)
        if (fate === 'double') to.send(frame)
        if (delayed !== undefined) to.send(delayed)
        delayed = undefined
      }
    }
    const outward = carry(far)
    near.on('message', (frame: Buffer) => { if (far.readyState === WebSocket.OPEN) outward(frame); else early.push(frame) })
    far.on('open', () => { for (const frame of early) outward(frame) })
    far.on('message', carry(near))
    for (const socket of [near, far]) socket.on('close', cut).on('error', cut)
  })
  await once(relay, 'listening')
  return (relay.address() as AddressInfo).port
}

function codeOf (err: unknown): unknown {
  return (err as { ilpErrorCode?: unknown }).ilpErrorCode
}

describe('BTP over a bad network', () => {
  afterEach(closeAll)

  it('gives every request one end: its own answer, or an error', async () => {
    await fc.assert(fc.asyncProperty(fates, async fates => {
      const left = [...fates]
      const server = await listening({}, { responseTimeout: 100 })
      const client = makePlugin({ server: serverUrl(await badNetwork(server.port, left)), reconnectIntervals: [1], responseTimeout: 100 })
      await Promise.all([client.connect(), server.connected])
      for (const plugin of [server.plugin, client]) {
        plugin.registerDataHandler(data => Promise.resolve(Buffer.concat([Buffer.from('re: '), data])))
      }
      const outcomes = await Promise.all(Array.from({ length: 40 }, async (_, i) => {
        const answer = (i % 2 === 0 ? client : server.plugin).sendData(Buffer.from(`packet ${i}`))
        return await answer.then(String, codeOf)
      }))
      for (const [i, outcome] of outcomes.entries()) expect(outcome).to.be.oneOf([`re: packet ${i}`, 'T01', 'R00'])
      if (fates.every(fate => fate === 'pass' || fate === 'double')) expect(outcomes).to.not.include.members(['T01', 'R00'])

      left.length = 0
      let healed: unknown
      while (healed !== 're: after it all') {
        // A cut that the client has not noticed yet.
        expect(healed).to.be.oneOf([undefined, 'T01'])
        if (!client.isConnected()) await once(client, 'connect')
        healed = await client.sendData(Buffer.from('after it all')).then(String, codeOf)
      }
      expect(await client.getAdminInfo()).to.include({ pendingRequests: 0 })
      await closeAll()
    }), { numRuns: Math.ceil(Number(process.env.FUZZ_RUNS ?? 1000) / 50) })
  })
})
