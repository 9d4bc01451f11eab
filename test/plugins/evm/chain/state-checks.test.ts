/** Hundreds of channels are looked at with a few questions, and each that has changed is found, wherever it stands among the others. */
import { expect } from 'chai'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { recordOf } from '../../../../plugins/evm/chain/rpc.js'
import { lives } from '../../../support/evm/life.js'
import { alice, bob, DAY, setUp } from '../../../support/evm/parties.js'
import { RpcProxy } from '../../../support/evm/rpc-proxy.js'
import { until } from '../../../support/waiting.js'

const them = bob.address.toLowerCase()
/** As many as are looked after with one peer. */
const CHANNELS = 200
const PEERS = 2
const PER_CALL = 250
const WORD_DIGITS = 64

describe('the states of many channels', () => {
  noRejectionLeft()
  const parties = setUp()
  const provide = lives(parties)

  it('are checked 250 at a time, and each change is seen', async function () {
    this.timeout(120_000)
    const proxy = await new RpcProxy(parties.chain.url).start()
    try {
      const { network } = parties
      const peers = [them, `0x${'17'.repeat(20)}`]
      for (let i = 0; i < CHANNELS * PEERS; i++) {
        const data = network.iface.encodeFunctionData('openChannel', [peers[i % PEERS], DAY])
        await parties.chain.rpc('eth_sendTransaction', { from: alice.address, to: network.address, data, gas: '0x7a120' })
      }
      const sizes: number[] = []
      proxy.behaviour = async (request, ask) => {
        const { to, data } = recordOf(request.params[0])
        const answer = await ask(request)
        if (request.method === 'eth_call' && to === undefined && data !== undefined && 'result' in answer) {
          sizes.push((String(answer.result).length - 2) / WORD_DIGITS - 1)
        }
        return answer
      }
      const ours = provide(alice, { rpcUrl: proxy.url, confirmations: 1 })
      await ours.connect()
      const ids: string[] = []
      for (const peer of peers) {
        ours.subscribe(peer, () => undefined)
        for (const { channelId } of await ours.findChannels(peer)) ids.push(channelId)
      }
      expect(ids).to.have.length(CHANNELS * PEERS)
      await until(() => sizes.includes(PER_CALL))
      await until(async () => {
        await parties.chain.mine()
        return sizes.at(-1) === CHANNELS * PEERS - PER_CALL && sizes.at(-2) === PER_CALL
      })
      expect(Math.max(...sizes)).to.equal(PER_CALL)
      proxy.behaviour = (request, ask) => request.method === 'eth_getLogs' ? { result: [] } : ask(request)
      const ofBob = await ours.findChannels(them, 'watched')
      for (const index of [0, 99, 199]) {
        const channelId = ofBob[index]?.channelId ?? ''
        await network.send(bob.address, 'setTotalDeposit', channelId, bob.address, 5)
        await until(async () => {
          await parties.chain.mine()
          return (await ours.getChannelState(channelId, 'confirmed', 'watched'))?.theirs.deposit === 5n
        })
      }
    } finally {
      await proxy.stop()
    }
  })
})
