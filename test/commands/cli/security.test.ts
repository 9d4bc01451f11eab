/** `connector security`: lists, pauses and resumes peers of a running node. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { NodeFixture } from '../../support/admin-node.js'
import { Workplace, type Result } from '../../support/cli.js'

describe('connector security', () => {
  let place: Workplace
  let api: NodeFixture
  beforeEach(async () => {
    place = await Workplace.make()
    api = await new NodeFixture({ apiKey: 'hunter2' }).start()
  })
  afterEach(async () => {
    await api.stop()
    await place.remove()
  })

  const run = (...args: string[]): Promise<Result> =>
    place.run(['security', ...args, '--url', `localhost:${api.admin}`], { env: { ADMIN_API_KEY: 'hunter2' } })

  it('pauses a peer, shows why, and resumes it', async () => {
    expect((await run()).out).to.equal('No peer is paused.\n')
    expect((await run('pause', 'peer-b', '--reason', 'it is odd')).out).to.include('peer-b is paused')
    expect((await run('list')).out).to.match(/^ {2}peer-b +since 1970\S+, by the admin API: it is odd\n$/)
    expect(JSON.parse((await run('--json')).out)).to.have.length(1)
    expect((await run('resume', 'peer-b')).out).to.equal('peer-b is resumed.\n')
    expect(await run('resume', 'peer-b')).to.include({ code: 1, err: 'Peer \'peer-b\' is not paused.\nError code: SLUICE_PEER_NOT_PAUSED\n' })
  })

  it('does not take the answer of another server for one of a node', async () => {
    const other = createServer((_request, response) => { response.setHeader('content-type', 'application/json').end('{}') }).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    for (const args of [['security', 'list'], ['security', 'pause', 'peer-b'], ['channels', 'list'], ['channels', 'close', 'peer-b'], ['channels', 'show', 'peer-b']]) {
      const { code, out, err } = await place.run([...args, '--url', `127.0.0.1:${port}`])
      expect([code, out, err], args.join(' '))
        .to.deep.equal([1, '', `http://127.0.0.1:${port}/ answers with HTTP 200, but not like a node's admin API. Is this its port (adminApi.port)?\n`])
    }
    other.close()
  })

  it('says what it cannot do', async () => {
    expect((await run('pause')).err).to.include('pause takes <peer>')
    expect((await run('stop', 'peer-b')).err).to.include('Unknown action: stop')
    expect((await run('list', 'peer-b')).err).to.include('list takes nothing else')
  })
})
