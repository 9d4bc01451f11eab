/** A second node of Solana has to show everything that a large claim of the peer rests on, and not the deposit alone. */
import { expect } from 'chai'
import { decodeChannel, stateOf } from '../../../../plugins/solana/chain/channel-account.js'
import { SecondOpinion } from '../../../../plugins/solana/chain/second-opinion.js'
import { encodeBase58 } from '../../../../plugins/solana/formats.js'
import { RpcProxy } from '../../../support/evm/rpc-proxy.js'
import { memoryLog } from '../../../support/evm/life.js'

const key = (byte: number): Buffer => Buffer.alloc(32, byte)
const [US, PEER, MINT, PROGRAM, ACCOUNT, OTHER] = [key(1), key(2), key(3), key(4), key(5), key(6)]
const [GENESIS, OTHERS] = [encodeBase58(key(7)), encodeBase58(key(8))]
const DEPOSIT = 5000n
const ABOVE = 2000n
const CLOCK = { owner: encodeBase58(OTHER), lamports: 1, data: [Buffer.alloc(40).toString('base64'), 'base64'] }

/** As the program lays it out: what this test has to do with. */
function bytes (change: (data: Buffer) => void = () => undefined): Buffer {
  const data = Buffer.alloc(216)
  data.write('pchannl2', 0, 'latin1')
  for (const [at, key] of [[8, US], [40, PEER], [72, MINT]] as const) data.set(key, at)
  data.writeBigUInt64LE(DEPOSIT, 112)
  data.writeBigUInt64LE(3600n, 152)
  data.writeBigUInt64LE(1n, 176)
  change(data)
  return data
}

describe('a second node of Solana', () => {
  let node: RpcProxy
  let opinion: SecondOpinion
  let log: ReturnType<typeof memoryLog>
  beforeEach(async () => {
    node = await new RpcProxy('http://127.0.0.1:1').start()
    const [address, programId] = [encodeBase58(US), encodeBase58(PROGRAM)]
    log = memoryLog()
    opinion = new SecondOpinion({ node: { url: node.url }, above: ABOVE, address, programId, genesis: GENESIS, log })
  })
  afterEach(async () => {
    opinion.close()
    await node.stop()
  })

  async function counts (data: Buffer, owner = PROGRAM, genesis = GENESIS): Promise<bigint> {
    node.behaviour = ({ method }) => ({ result: method === 'getGenesisHash' ? genesis : accounts })
    const accounts = {
      context: { slot: 7 }, value: [{ owner: encodeBase58(owner), lamports: 1, data: [data.toString('base64'), 'base64'] }, CLOCK]
    }
    const channel = decodeChannel(bytes())!
    return (await opinion.on(stateOf(encodeBase58(ACCOUNT), channel, 0, { slot: 7, timeMs: 0 }), channel)).theirs.deposit
  }

  it('that shows the same makes all of a deposit count', async () => {
    expect(await counts(bytes())).to.equal(DEPOSIT)
  })

  for (const [what, change] of [
    ['another token', data => { data.set(OTHER, 72) }],
    ['another peer', data => { data.set(OTHER, 40) }],
    ['another payee', data => { data.set(OTHER, 8) }],
    ['a challenge that runs', data => { data.writeUInt8(1, 160) }],
    ['another challenge', data => { data.writeBigUInt64LE(1n, 152) }],
    ['another life of the channel', data => { data.writeBigUInt64LE(2n, 176) }],
    ['a smaller deposit', data => { data.writeBigUInt64LE(0n, 112) }]
  ] as const satisfies ReadonlyArray<[string, (data: Buffer) => void]>) {
    it(`that shows ${what} makes none of it count above verifyAbove`, async () => {
      expect(await counts(bytes(change))).to.equal(ABOVE)
    })
  }

  it('that shows an account of another program makes none of it count', async () => {
    expect(await counts(bytes(), OTHER)).to.equal(ABOVE)
  })

  it('that is of another cluster is named, and makes none of it count, whatever it shows', async () => {
    expect(await counts(bytes(), PROGRAM, OTHERS)).to.equal(ABOVE)
    expect(log.lines.join()).to.contain('belongs to another cluster: set verifyRpcUrl')
  })
})
