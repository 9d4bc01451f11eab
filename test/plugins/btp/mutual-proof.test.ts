/** Without a secret, two plugins that dial each other know each other; nobody else makes their proof. */
import { createHmac, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import * as BtpPacket from 'btp-packet'
import { expect } from 'chai'
import { MutualProof, REFUSAL_ENTRIES } from '../../../plugins/btp/mutual-proof.js'
import type { HandPeer } from '../../support/btp.js'
import { authMessage, closeAll, dial, freePort, listening, makePlugin, portOf } from '../../support/btp.js'
import { turnsUntil } from '../../support/waiting.js'

interface Octets { protocolName: string, contentType: number, data: Buffer }
const octets = (protocolName: string, data: Buffer): Octets => ({ protocolName, contentType: 0, data })

describe('a proof of two peers without a secret', () => {
  afterEach(closeAll)

  async function alice (server: number): Promise<number> {
    const plugin = makePlugin({
      server: `btp+ws://alice:@127.0.0.1:${server}`, reconnectIntervals: [20], listener: { port: 0, username: 'bob', noAuth: true, onlyFromServer: true }
    })
    const connecting = plugin.connect()
    connecting.catch(() => undefined)
    return portOf(plugin, connecting)
  }

  /** What somebody is told who says to be bob, with these entries besides. */
  async function asBob (port: number, more: Octets[]): Promise<HandPeer['received'][number]> {
    const peer = await dial(port)
    const { data } = BtpPacket.deserialize(authMessage('', 'bob'))
    peer.ws.send(BtpPacket.serializeMessage(1, [...data.protocolData, ...more]))
    return peer.next()
  }

  it('lets the two in, each with its own, and connects them', async () => {
    const bobPort = await freePort()
    const options = (name: string, other: string, port: number, server: number): object => ({
      server: `btp+ws://${name}:@127.0.0.1:${server}`, reconnectIntervals: [20], listener: { port, username: other, noAuth: true, onlyFromServer: true }
    })
    const alicePort = await freePort()
    const [alice, bob] = [makePlugin(options('alice', 'bob', alicePort, bobPort) as never), makePlugin(options('bob', 'alice', bobPort, alicePort) as never)]
    await Promise.all([alice.connect(), bob.connect()])
    bob.registerDataHandler(data => Promise.resolve(data))
    expect(String(await alice.sendData(Buffer.from('hello')))).to.equal('hello')
  })

  it('is not made with any key but that of the address, nor learnt from a refusal', async () => {
    const { plugin, port: bobPort } = await listening({ username: 'bob' }) // refuses alice, who has no secret
    const port = await alice(bobPort)
    const refusal = await asBob(port, [])
    expect([refusal.type, refusal.data]).to.have.deep.nested.property('[1].data', 'invalid auth_token')
    const [key] = refusal.data.protocolData
    const mallory = generateKeyPairSync('x25519')
    const shared = diffieHellman({ privateKey: mallory.privateKey, publicKey: createPublicKey({ key: key!.data, type: 'spki', format: 'der' }) })
    const proofs = ['bob', 'alice', ''].map(name => createHmac('sha256', shared).update(`auth_proof ${name}`).digest())
    for (const proof of [...proofs, Buffer.alloc(0), Buffer.alloc(32), key!.data]) {
      const answer = await asBob(port, [octets('auth_key', mallory.publicKey.export({ type: 'spki', format: 'der' })), octets('auth_proof', proof)])
      expect(answer.type).to.equal(BtpPacket.TYPE_ERROR)
    }
    expect(plugin.isConnected()).to.equal(false)
  }).timeout(20_000)

  it('of one side is not that of the other, and there is none before a key is known', () => {
    const proof = new MutualProof()
    expect(proof.entries('alice')).to.deep.equal([])
    expect(proof.isIn([octets('auth_proof', Buffer.alloc(32))], 'alice')).to.equal(false)
    expect([proof.learn([]), proof.learn([octets('auth_key', Buffer.from('no key'))]), proof.learn(REFUSAL_ENTRIES)]).to.deep.equal([false, false, true])
    expect(proof.learn(REFUSAL_ENTRIES), 'no news').to.equal(false)
    expect(proof.isIn(proof.entries('alice'), 'alice')).to.equal(true)
    expect(proof.isIn(proof.entries('alice'), 'bob')).to.equal(false)
  })

  it('is asked of nobody with a secret, and needs an address', async () => {
    expect(() => makePlugin({ listener: { port: 0, noAuth: true, onlyFromServer: true } })).to.throw('"listener.onlyFromServer" needs "server"')
    const { plugin, port } = await listening({ username: 'bob', secret: 'hunter2' })
    const client = makePlugin({ server: `btp+ws://bob:hunter2@127.0.0.1:${port}` })
    await client.connect()
    await turnsUntil(() => plugin.isConnected())
  })
})
