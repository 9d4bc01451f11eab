/** The published TypeScript means the same to a compiler: each block is checked, strictly, against the types of this package. */
import { expect } from 'chai'
import { complaintsAbout } from '../../support/compile.js'
import { seed } from '../../support/node/processes.js'
import { World } from '../../support/node.js'

/** What the blocks take from elsewhere, as far as it matters here. pino's methods are as generic as those of the real one. */
const ELSEWHERE = `
declare module 'pino' {
  interface LogFn {
    <T, M extends string = string> (fields: T, message?: T extends string ? never : M, ...args: unknown[]): void
    (message: string, ...args: unknown[]): void
  }
  export default function pino (options: { name: string }): Record<'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal', LogFn>
}
declare module '@crosstown/core' {
  export function createCrosstownNode (options: Record<string, unknown>): { start (): Promise<void> }
}
declare const app: { post (path: string, handler: (req: { body: Record<string, string> }, res: { json (body: object): void }) => unknown): void }
declare const logger: import('@crosstown/connector').NodeLogger
declare const secretKey: Uint8Array, ilpInfo: object, relayUrl: string
`

const BLOCKS = [
  '000-quick.ts.txt', '001-embedded.ts.txt', '001-handler.ts.txt', '001-integration.ts.txt', '002-quick.ts.txt', '002-embedded.ts.txt',
  '003-embedded.ts.txt', '003-handler.ts.txt'
]
const PEERS_AND_ROUTES = '002-types.ts.txt'
const MISTAKE = 'mistake'

describe('the published TypeScript', () => {
  const world = new World()
  /** What the compiler says of each block, one line each. */
  let complaints: Map<string, string[]>
  after(() => world.end())

  before(async function () {
    this.timeout(60_000)
    complaints = await complaintsAbout(world, new Map([
      ...BLOCKS.map(name => [name, seed(name)] as const),
      [PEERS_AND_ROUTES, `${seed(PEERS_AND_ROUTES)}
        import type * as ours from '@toon-protocol/connector'
        declare const peer: PeerConfig, route: RouteConfig
        export const peers: ours.ConnectorConfig['peers'] = [peer]
        export const routes: ours.ConnectorConfig['routes'] = [route]
        declare const ourPeer: ours.PeerConfig, ourRoute: ours.RouteConfig
        export const same: [PeerConfig, RouteConfig] = [ourPeer, ourRoute]`],
      [MISTAKE, seed('000-quick.ts.txt', { 'accept: true': 'accepted: true' })]
    ]), ELSEWHERE)
  })

  for (const name of BLOCKS) {
    it(`${name} compiles`, () => {
      expect(complaints.get(name)).to.deep.equal([])
    })
  }

  it('002-types.ts.txt: what is a peer or a route there is one here, and the other way round', () => {
    expect(complaints.get(PEERS_AND_ROUTES)).to.deep.equal([])
  })

  it('tells a mistake while it is typed', () => {
    expect(complaints.get(MISTAKE)).to.have.lengthOf(1)
    expect(complaints.get(MISTAKE)![0]).to.include('accepted')
  })
})
