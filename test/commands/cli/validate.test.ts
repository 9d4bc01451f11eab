/** `connector validate` finds every fault of a file, and of a network what no single file shows. */
import { expect } from 'chai'
import { Workplace, type Result } from '../../support/cli.js'

interface NodeOptions { port?: number, peers?: string[], routes?: string[], more?: string }

/** A node that listens on `port`; peers are `name:port`, routes `prefix>nextHop`. */
function node (nodeId: string, { port = 4000, peers = [], routes = [], more = '' }: NodeOptions = {}): string {
  const peerLines = peers.map(peer => `  - { id: ${peer.split(':')[0] ?? ''}, url: 'ws://localhost:${peer.split(':')[1] ?? ''}', authToken: '' }`)
  const routeLines = routes.map(route => `  - { prefix: ${route.split('>')[0] ?? ''}, nextHop: ${route.split('>')[1] ?? ''} }`)
  return [
    `nodeId: ${nodeId}`, `btpServerPort: ${port}`, peers.length === 0 ? 'peers: []' : 'peers:', ...peerLines,
    routes.length === 0 ? 'routes: []' : 'routes:', ...routeLines, more, ''
  ].join('\n')
}

const LINEAR = {
  'net/a.yaml': node('a', { port: 4001, peers: ['b:4002'], routes: ['g.b>b', 'g.c>b'] }),
  'net/b.yml': node('b', { port: 4002, peers: ['c:4003'], routes: ['g.a>a', 'g.c>c'] }),
  'net/c.yaml': node('c', { port: 4003, routes: ['g>b', 'g.c.alice>local'] })
}

describe('connector validate', () => {
  let place: Workplace
  beforeEach(async () => { place = await Workplace.make() })
  afterEach(() => place.remove())

  async function validate (files: Record<string, string>, path: string, ...args: string[]): Promise<Result> {
    for (const [name, text] of Object.entries(files)) await place.write(name, text)
    return place.run(['validate', path, ...args])
  }

  describe('a YAML file', () => {
    it('says that it is valid', async () => {
      expect(await validate({ 'config.yaml': node('a') }, 'config.yaml')).to.deep.equal({ code: 0, out: 'Configuration file is valid.\n', err: '' })
    })

    it('warns of a route to a peer that the file does not have', async () => {
      const { code, err } = await validate({ 'c.yml': node('a', { peers: ['spoke-1:4001'], routes: ['g.s>spoke1', 'g.t>hub', 'g.u>local', 'g.v>a'] }) }, 'c.yml')
      expect(code).to.equal(0)
      expect(err).to.match(/^warning: route g\.s -> spoke1: no peer of this file is called spoke1\..*Did you mean spoke-1\?\nwarning: route g\.t -> hub: .*\.\n$/)
    })

    it('shows warnings, which are allowed', async () => {
      const { code, out, err } = await validate({ 'c.yml': node('a', { more: 'deploymentMode: standalone' }) }, 'c.yml')
      expect([code, out]).to.deep.equal([0, 'Configuration file is valid.\n'])
      expect(err).to.match(/^warning: deploymentMode is "standalone" but/m)
    })

    const BAD_PEER = '{ id: b, url: "http://b", authToken: "" }'
    const BAD = `nodeId: a\nbtpServerPort: 99999\nlogLvel: info\npeers:\n  - ${BAD_PEER}\nroutes: []\n`

    it('shows every fault at once with its line', async () => {
      const { code, out, err } = await validate({ 'bad.yaml': BAD }, 'bad.yaml')
      expect([code, out]).to.deep.equal([1, ''])
      expect(err).to.match(/^bad\.yaml:2: btpServerPort: /m).and.to.match(/^bad\.yaml:3: logLvel: .*did you mean logLevel/mi)
        .and.to.match(/^bad\.yaml:5: peers\[0\]\.url: /m).and.to.match(/^bad\.yaml: 3 problems\.$/m)
    })

    it('shows them as JSON', async () => {
      const { code, out, err } = await validate({ 'bad.yaml': BAD }, 'bad.yaml', '--json')
      const verdict = JSON.parse(out) as { valid: boolean, issues: Array<{ file: string, line: number }> }
      expect([code, err, verdict.valid]).to.deep.equal([1, '', false])
      expect(verdict.issues.map(({ file, line }) => `${file}:${line}`).toSorted()).to.deep.equal(['bad.yaml:2', 'bad.yaml:3', 'bad.yaml:5'])
    })

    it('takes variables from the environment and from .env, and names one that is missing', async () => {
      const files = { 'c.yaml': node('${NAME}') }
      expect((await validate(files, 'c.yaml')).err).to.contain('c.yaml:1: Missing environment variable: NAME')
      expect(await place.run(['validate', 'c.yaml'], { env: { NAME: 'alice' } })).to.include({ code: 0 })
      expect(await validate({ '.env': 'NAME=alice\n' }, 'c.yaml')).to.include({ code: 0 })
    })

    it('names the variable that overrides the file with something wrong', async () => {
      await place.write('c.yaml', node('a'))
      const { code, err } = await place.run(['validate', 'c.yaml'], { env: { BTP_SERVER_PORT: 'many' } })
      expect(code).to.equal(1)
      expect(err).to.contain('BTP_SERVER_PORT: btpServerPort')
    })

    it('shows broken YAML by its line', async () => {
      const { code, err } = await validate({ 'c.yaml': 'nodeId: a\npeers: [\n' }, 'c.yaml')
      expect(code).to.equal(1)
      expect(err).to.match(/^c\.yaml:\d+: Invalid YAML syntax: /m)
    })
  })

  it('checks a .env file line by line, without showing the lines', async () => {
    expect(await validate({ '.env': '# all is well\n\nA=1\nexport B=two\nC=\n' }, '.env')).to.include({ code: 0, out: 'Configuration file is valid.\n' })
    const { code, err } = await validate({ 'my.env': 'A=1\ns3cr3t\n=2\n' }, 'my.env')
    expect([code, err]).to.deep.equal([1, [
      'my.env:2: expected NAME=value, or # before a comment', 'my.env:3: expected NAME=value, or # before a comment', 'my.env: 2 problems.', ''
    ].join('\n')])
  })

  it('says what it cannot check', async () => {
    expect(await place.run(['validate', 'no.yaml'])).to.include({ code: 1, err: 'File not found: no.yaml\n' })
    expect((await validate({ 'config.toml': '' }, 'config.toml')).err).to.contain('Unknown kind of file: config.toml.')
    expect((await validate({ 'empty/readme.md': '' }, 'empty')).err).to.contain('No .yaml or .yml files in empty.')
  })

  describe('a folder', () => {
    it('says that a network is valid', async () => {
      expect(await validate(LINEAR, 'net')).to.deep.equal({ code: 0, out: 'Topology is valid: 3 nodes (a, b, c).\n', err: '' })
      expect(await place.run(['validate', '--topology', 'net', '--json'])).to.include({ code: 0 })
    })

    it('does not put the override of one node over all', async () => {
      for (const [name, text] of Object.entries(LINEAR)) await place.write(name, text)
      expect(await place.run(['validate', 'net'], { env: { NODE_ID: 'one', BTP_SERVER_PORT: '4009' } })).to.include({ code: 0, err: '' })
    })

    it('takes what a file names from the environment, also what could override it', async () => {
      for (const [name, text] of Object.entries(LINEAR)) await place.write(name, `${text}\nadminApi: { enabled: true, apiKey: "\${ADMIN_API_KEY}" }\n`)
      expect((await place.run(['validate', 'net'])).err).to.contain('Missing environment variable: ADMIN_API_KEY')
      expect(await place.run(['validate', 'net'], { env: { ADMIN_API_KEY: 'k'.repeat(32) } })).to.include({ code: 0, err: '' })
    })

    const networks: Array<[string, Record<string, string>, RegExp]> = [
      ['two nodes of one name', { 'net/d.yaml': node('a') }, /^net: a: net\/a\.yaml and net\/d\.yaml have the same nodeId/m],
      ['a peer that nobody is', { 'net/a.yaml': node('a', { peers: ['b:4002', 'x:1'], routes: ['g.b>b'] }) }, /^net: a: unknown peer x: no file here has that nodeId\.$/m],
      ['a route to no peer', { 'net/a.yaml': node('a', { peers: ['b:4002'], routes: ['g.c>c'] }) }, /^net: a: route g\.c -> c: unknown next hop, it is not a peer of a\.$/m],
      ['a node on its own', { 'net/d.yaml': node('d') }, /^net: d: not connected to a by any chain of peers\.$/m],
      ['a prefix that nobody has', { 'net/a.yaml': node('a', { peers: ['b:4002'], routes: ['g.x>b'] }) },
        /^net: a: route g\.x -> b: unreachable: no node here delivers g\.x or anything below it\.$/m],
      ['a way that ends early', { 'net/b.yml': node('b', { port: 4002, peers: ['c:4003'], routes: ['g.a>a'] }) },
        /^net: a: route g\.c -> b: unreachable: g\.c ends at b \(no route\)\.$/m],
      ['a circle', { 'net/b.yml': node('b', { port: 4002, peers: ['c:4003', 'a:4001'], routes: ['g.a>a', 'g.c>a'] }) },
        /^net: cycle: packets for g\.c go round: a -> b -> a\.$/m],
      ['a circle of default routes', { 'net/b.yml': node('b', { port: 4002, peers: ['c:4003'], routes: ['g.a>a', 'g>c'] }) },
        /^net: cycle: packets for g go round: b -> c -> b\.$/m]
    ]
    for (const [what, files, expected] of networks) {
      it(`finds ${what}`, async () => {
        const { code, out, err } = await validate({ ...LINEAR, ...files }, 'net')
        expect([code, out]).to.deep.equal([1, ''])
        expect(err).to.match(expected)
      })
    }

    it('warns of a port on which nobody listens, and of nodes that cannot send to each other', async () => {
      const { code, err } = await validate({ ...LINEAR, 'net/a.yaml': node('a', { port: 4001, peers: ['b:5002'], routes: ['g.b>b'] }) }, 'net')
      expect(code).to.equal(0)
      expect(err).to.contain('warning: a: dials b at ws://localhost:5002, but b listens on port 4002.')
        .and.to.contain('warning: a cannot send to g.c: no route at a.')
    })

    it('shows the faults of a file, and guesses nothing about the network without it', async () => {
      const { code, err } = await validate({ ...LINEAR, 'net/b.yml': 'nodeId: b\n' }, 'net')
      expect(code).to.equal(1)
      expect(err).to.match(/^net\/b\.yml:\d+: /m).and.to.not.contain('unknown peer')
    })
  })
})
