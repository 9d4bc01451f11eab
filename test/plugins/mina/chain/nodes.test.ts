/** Which node leads, and what is sent to all of them. */
import { expect } from 'chai'
import type { Feed } from '../../../../plugins/mina/chain/feed.js'
import { GraphqlError, type MinaNode } from '../../../../plugins/mina/chain/node.js'
import { Nodes } from '../../../../plugins/mina/chain/nodes.js'

/** A node that answers, or says what is wrong, as both can change. */
class Scene {
  isWell = true
  looks = 0
  constructor (readonly name: string, public sends: () => Promise<string> = () => Promise.resolve(name)) {}

  readonly node = this as unknown as MinaNode

  look (): Promise<void> {
    this.looks++
    return this.isWell ? Promise.resolve() : Promise.reject(new Error(`${this.name} is away`))
  }
}

function scene (): { nodes: Nodes, first: Scene, second: Scene, leader: () => string, send: () => Promise<string> } {
  const [first, second] = [new Scene('first'), new Scene('second')]
  const nodes = new Nodes([first as unknown as Feed, second as unknown as Feed])
  return {
    nodes, first, second,
    leader: () => (nodes.leader as unknown as Scene).name,
    send: () => nodes.send(node => (node as unknown as Scene).sends()).catch(String)
  }
}

describe('the nodes of an account of Mina', () => {
  it('are led by the first that answers, and by the first again once it does', () => {
    const { first, second, leader, nodes } = scene()
    expect(leader()).to.equal('first')
    first.isWell = false
    expect([leader(), nodes.well.length]).to.deep.equal(['second', 1])
    second.isWell = false
    expect([leader(), nodes.well.length], 'none does').to.deep.equal(['first', 1])
    first.isWell = second.isWell = true
    expect([leader(), nodes.well.length]).to.deep.equal(['first', 2])
  })

  it('are led by the next one that answers when nothing comes of what the leader shows', () => {
    const { first, leader, nodes } = scene()
    nodes.doubt()
    expect(leader()).to.equal('second')
    nodes.doubt()
    expect(leader()).to.equal('first')
    first.isWell = false
    nodes.doubt()
    nodes.doubt()
    expect(leader(), 'which is away').to.equal('second')
  })

  it('are gone by one after the other where something fails, and each that answers once', async () => {
    const { second, nodes, leader } = scene()
    const asked: string[] = []
    const fails = (): Promise<never> => {
      asked.push(leader())
      return Promise.reject(new Error(leader()))
    }
    expect(await nodes.byAny(fails).catch(String)).to.equal('Error: second')
    expect(await nodes.byAny(() => leader() === 'second' ? Promise.resolve('done') : fails())).to.equal('done')
    second.isWell = false
    expect(await nodes.byAny(fails).catch(String)).to.equal('Error: first')
    expect(asked).to.deep.equal(['first', 'second', 'first', 'first'])
  })

  it('are looked at until one answers', async () => {
    const { first, second, nodes } = scene()
    await nodes.look()
    expect([first.looks, second.looks]).to.deep.equal([1, 0])
    first.look = () => Promise.reject(new Error('gone'))
    await nodes.look()
    expect(second.looks).to.equal(1)
    second.isWell = false
    expect(await nodes.look().catch(String)).to.equal('Error: gone')
  })

  it('all get what is sent, and one that takes it is enough', async () => {
    const { first, second, send } = scene()
    const sent: string[] = []
    for (const each of [first, second]) {
      const { sends } = each
      each.sends = () => {
        sent.push(each.name)
        return sends()
      }
    }
    await send()
    expect(sent).to.deep.equal(['first', 'second'])
    first.sends = () => new Promise(() => undefined)
    expect(await send(), 'one that hangs keeps nobody waiting').to.equal('second')
    first.sends = () => Promise.reject(new GraphqlError('no', false))
    expect(await send()).to.equal('second')
  })

  it('have refused what is sent where one says so and none takes it; else they are away', async () => {
    const { first, second, send } = scene()
    first.sends = () => Promise.reject(new Error('away'))
    second.sends = () => Promise.reject(new GraphqlError('no', false))
    expect(await send()).to.match(/no$/)
    second.sends = () => Promise.reject(new Error('gone'))
    expect(await send()).to.equal('Error: away')
  })
})
