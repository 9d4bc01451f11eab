/** Two accounts of one peer: none of them wins what the other one has, also where the chain is away at the start. */
import { expect } from 'chai'
import SettlingPlugin from '../../../../plugins/lib/channels/index.js'
import { messageEntry, messageOf } from '../../../../plugins/lib/channels/messages.js'
import { CHANNEL_OPTIONS, readOptions, settingsOf } from '../../../../plugins/lib/channels/options.js'
import { Units } from '../../../../plugins/lib/channels/units.js'
import PluginBtp from '../../../../plugins/btp/index.js'
import type { PluginStore, SettlementRecords } from '../../../../src/contracts/plugin.js'
import { describeError } from '../../../../src/lib/describe-error.js'
import { TestLog, afterTest, closeAll, portOf, serverUrl } from '../../../support/btp.js'
import { FakeChain } from '../../../support/channels/fake-chain.js'
import { FakeCodec, claimOf, statementSignatureOf } from '../../../support/channels/fake-codec.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { eventually, pause } from '../../../support/waiting.js'

const SECRET = 'the-secret-of-the-test'

class Disk {
  readonly entries = new Map<string, string>()
  under (prefix: string): PluginStore {
    return {
      get: key => Promise.resolve(this.entries.get(prefix + key)),
      put: (key, value) => { this.entries.set(prefix + key, value); return Promise.resolve() },
      del: key => { this.entries.delete(prefix + key); return Promise.resolve() },
      putAll: values => {
        for (const [key, value] of Object.entries(values)) this.entries.set(prefix + key, value)
        return Promise.resolve()
      }
    }
  }
}

/** One process of a connector with two accounts, as src/accounts keeps who settles with whom. */
class Node {
  readonly owners = new Map<string, string>()
  readonly log = new TestLog()
  constructor (readonly chain: FakeChain, readonly disk: Disk, readonly index: Map<string, { accountId: string, what: string }>) {}

  /** @param chainIsThere resolves when it answers */
  account (id: string, peerAddress: string, chainIsThere: () => Promise<void> = () => Promise.resolve()): SettlingPlugin {
    const refuse = (party: string): void => {
      const other = this.owners.get(party)
      if (other !== undefined && other !== id) throw new Error('two accounts cannot settle with the same party')
    }
    const settlements: SettlementRecords = {
      settleWith: party => { refuse(party); this.owners.set(party, id) },
      storeOf: parties => this.disk.under(`settlement:${parties}:`),
      setUnsettled: (parties, what) => {
        if (what === undefined) this.index.delete(parties)
        else this.index.set(parties, { accountId: id, what })
        return Promise.resolve()
      },
      unsettled: () => new Map([...this.index].filter(([parties, { accountId }]) => accountId === id || parties.startsWith(`fake:1 the-contract ${peerAddress} `))
        .map(([parties, { what }]) => [parties, what]))
    }
    const services = { store: this.disk.under(`${id}:`), log: this.log, settlements, account: { id } as never, getOwnAddress: () => 'test.node' }
    const plugin = new SettlingPlugin({
      transport: new PluginBtp({ listener: { port: 0, secret: SECRET } }, services),
      services,
      settings: {
        ...settingsOf(readOptions('test', CHANNEL_OPTIONS, [], { pollingIntervalMs: 100, idleCloseSecs: 0, settlementTimeoutSecs: 2, initialDeposit: '100', redeemThreshold: '1000000' })),
        peerAddress, chain: 'fake:1', contract: 'the-contract', tokenId: 'FAKE', units: new Units(9, 9)
      },
      openChain: async () => {
        await chainIsThere()
        return { provider: this.chain.provider('node'), codec: new FakeCodec('node'), wasUsedWith: () => Promise.resolve(true) }
      }
    })
    refuse(plugin.settlesWith)
    this.owners.set(plugin.settlesWith, id)
    plugin.registerMoneyHandler(() => Promise.resolve())
    afterTest(() => plugin.disconnect())
    return plugin
  }
}

/** As the peer. */
async function dial (plugin: SettlingPlugin): Promise<PluginBtp> {
  const connecting = plugin.connect()
  const port = await portOf(plugin, connecting)
  const peer = new PluginBtp({ server: serverUrl(port, SECRET) }, { store: new Disk().under(''), log: new TestLog() })
  await peer.connect()
  await connecting
  afterTest(() => peer.disconnect())
  return peer
}

function handover (from: string, to: string): Record<string, unknown> {
  const text = `Sluice: a key for payment channels hands over to another one.\nchain: fake:1\nfrom: ${from}\nto: ${to}\npeer: node`
  return { step: 'handover', from, to, peer: 'node', signatures: { from: statementSignatureOf(from, text), to: statementSignatureOf(to, text) } }
}

const say = async (peer: PluginBtp, message: Record<string, unknown>): Promise<string> =>
  await peer.sendMessage([messageEntry(message)]).then(entries => JSON.stringify(messageOf(entries)), describeError)

describe('two accounts of one peer', () => {
  noRejectionLeft()
  afterEach(closeAll)

  /** The peer has handed over from `a` to `b`, and a claim on a channel of `payer` is not redeemed. */
  async function withClaim (payer: string): Promise<{ node: Node, channelId: string }> {
    const chain = new FakeChain()
    for (const name of ['node', 'a', 'b', 'x']) chain.balances.set(name, 1_000_000n)
    const node = new Node(chain, new Disk(), new Map())
    const one = node.account('one', 'a')
    const peer = await dial(one)
    expect(await say(peer, handover('a', 'b'))).to.contain('taken')
    const provider = chain.provider(payer)
    const { channelId } = await provider.openChannel('node', 2, 'open')
    await provider.deposit(channelId, 50_000n, 'deposit')
    await peer.sendMessage([{ protocolName: 'payment-channel-claim', contentType: 1, data: Buffer.from(claimOf(payer, channelId, 1n, 50_000n).text) }])
    await peer.disconnect()
    await one.disconnect()
    return { node: new Node(chain, node.disk, node.index), channelId }
  }

  /** The payer closes, and takes whatever the node has not redeemed by the end. */
  async function expectRedeemed ({ chain }: Node, payer: string, channelId: string): Promise<void> {
    await chain.provider(payer).close(channelId, 'close')
    await pause(2500)
    await eventually('over', async () => {
      await chain.provider(payer).settle(channelId, 'settle').catch(() => undefined)
      return chain.channel(channelId).status === 'settled'
    })
    expect(chain.balances.get('node')).to.equal(1_050_000n)
  }

  const troubleOf = async (plugin: SettlingPlugin): Promise<string | undefined> =>
    ((await plugin.getAdminInfo()).settlement as { trouble?: string }).trouble

  it('cannot have the address that the other one has, where the chain is away at the start', async () => {
    const { node, channelId } = await withClaim('a')
    let isThere = false
    const one = node.account('one', 'a', () => isThere ? Promise.resolve() : Promise.reject(new Error('too many requests')))
    const two = node.account('two', 'x')
    one.connect().catch(() => undefined)
    const peer = await dial(two)
    expect(await say(peer, handover('x', 'b'))).to.contain('not taken here')
    isThere = true
    await eventually('it opens', async () => await troubleOf(one) === undefined)
    await expectRedeemed(node, 'a', channelId)
  })

  it('are not given one address by an operator without one of them paying no more, and looking after its channels', async () => {
    const { node, channelId } = await withClaim('a')
    const two = node.account('two', 'b')
    const one = node.account('one', 'a')
    const peers = [await dial(two), await dial(one)]
    await eventually('it opens', async () => await troubleOf(one) === undefined)
    const spent = node.chain.transactions.length
    expect(await one.sendMoney('700', { id: 'a-settlement' }).then(() => 'paid', describeError)).to.contain('another account settles with')
    expect(node.log.lines.join('\n')).to.contain('another account settles with an address of this peer')
    expect(node.chain.transactions).to.have.lengthOf(spent)
    await expectRedeemed(node, 'a', channelId)
    await Promise.all(peers.map(peer => peer.disconnect()))
  })

  it('do not both look after the channels of a former address', async () => {
    const { node, channelId } = await withClaim('b')
    const one = node.account('one', 'c') // the operator has typed that
    const two = node.account('two', 'b')
    one.connect().catch(() => undefined)
    await dial(two)
    await eventually('it opens', async () => await troubleOf(one) === undefined)
    await eventually('two has it', async () => (await two.channels().list()).length === 1)
    expect(await one.channels().list()).to.deep.equal([])
    await expectRedeemed(node, 'b', channelId)
  })
})
