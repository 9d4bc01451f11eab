/** An account that is removed, or a connector that stops, while a plugin still connects: it is disconnected when it is there, and said. */
import { expect } from 'chai'
import { account, startConnector } from '../support/connector.js'
import { rejection } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'
import { nextTurn, until } from '../support/waiting.js'

/** Connects when the test says so, and does not hear of a disconnection before. */
class SlowPlugin extends TestPlugin {
  go: (() => void) | undefined

  override async connect (): Promise<void> {
    await new Promise<void>(resolve => { this.go = resolve })
    await super.connect()
  }
}

/** Gives up connecting as soon as it is disconnected, as most plugins do, and then still has to close something. */
class ObedientPlugin extends TestPlugin {
  giveUp: ((reason: Error) => void) | undefined

  override async connect (): Promise<void> {
    await new Promise<void>((_resolve, reject) => { this.giveUp = reject })
  }

  override async disconnect (): Promise<void> {
    this.giveUp?.(new Error('connection aborted'))
    await nextTurn()
    await super.disconnect()
  }
}

describe('a plugin that connects while its account goes', () => {
  withoutLog()
  noRejectionLeft()

  for (const [how, leave] of [
    ['is removed', app => app.removePlugin('bob')],
    ['goes with the whole connector', app => app.shutdown()]
  ] as Array<[string, (app: Awaited<ReturnType<typeof startConnector>>['app']) => Promise<void>]>) {
    it(`is disconnected when it is there, and not added, if it ${how}`, async () => {
      const { app } = await startConnector({})
      const plugin = new SlowPlugin()
      const adding = rejection(app.addPlugin('bob', account(plugin)))
      await until(() => plugin.go !== undefined)
      await leave(app)
      expect(String(await adding)).to.match(/removed, or the connector stopped, while it connected. accountId=bob/)
      plugin.go?.()
      await until(() => plugin.connects === 1 && !plugin.isConnected())
      await app.shutdown()
      expect(plugin.isConnected()).to.equal(false)
    })
  }

  it('may come again under the same id', async () => {
    const { app } = await startConnector({})
    const [first, second] = [new SlowPlugin(), new TestPlugin()]
    const adding = rejection(app.addPlugin('bob', account(first)))
    await until(() => first.go !== undefined)
    await app.removePlugin('bob')
    await app.addPlugin('bob', account(second))
    await adding
    first.go?.()
    await until(() => first.connects === 1 && !first.isConnected())
    expect([app.getPlugin('bob'), second.isConnected()]).to.deep.equal([second, true])
    await app.shutdown()
  })

  for (const times of [1, 2]) {
    it(`leaves its place to the next one, and takes nothing of it along, removed ${times === 1 ? 'once' : 'twice at a time'}`, async () => {
      const { app } = await startConnector({})
      const [first, second] = [new ObedientPlugin(), new TestPlugin()]
      const adding = rejection(app.addPlugin('bob', account(first)))
      await until(() => first.giveUp !== undefined)
      await Promise.race(Array.from({ length: times }, () => app.removePlugin('bob')))
      await app.addPlugin('bob', account(second))
      await adding
      expect([app.getPlugin('bob'), second.isConnected()]).to.deep.equal([second, true])
      await app.shutdown()
    })
  }
})
