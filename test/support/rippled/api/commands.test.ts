/** The form of requests and answers on the stand-in: the beginning of section 4 of the specification (D:response-formatting, JS). */
import { expect } from 'chai'
import { once } from 'node:events'
import { RippledError } from 'xrpl'
import { WebSocket } from 'ws'
import { startLedgerWorld, type LedgerWorld } from '../parties.js'

describe('the stand-in for rippled: requests and answers', () => {
  let world: LedgerWorld

  before(async () => { world = await startLedgerWorld() })

  after(() => world.stop())

  it('a good answer has id, status, type, result, and the api_version that was asked for', async () => {
    const socket = new WebSocket(world.rippled.url)
    await once(socket, 'open')
    const answers: unknown[] = []
    for (const request of ['{"id":"a","command":"ping","api_version":2}', '{"command":"ping"}', 'nonsense']) {
      socket.send(request)
      const [data] = await once(socket, 'message') as [Buffer]
      answers.push(JSON.parse(data.toString()))
    }
    socket.close()
    expect(answers).to.deep.equal([
      { id: 'a', status: 'success', type: 'response', api_version: 2, result: {} },
      { status: 'success', type: 'response', result: {} },
      { type: 'error', error: 'jsonInvalid', value: 'nonsense' }
    ])
  })

  it('a bad answer has the error with its number and text, and the request; xrpl.js rejects with all of it', async () => {
    const error: unknown = await world.client.request({ command: 'account_info', account: 'nobody', ledger_index: 'validated' }).catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(RippledError)
    expect((error as RippledError).data).to.deep.include({ status: 'error', type: 'response', error: 'actMalformed', error_code: 35, error_message: 'Account malformed.' })
    expect((error as RippledError).data).to.have.nested.property('request.command', 'account_info')
  })

  it('unknownCmd 32: an unknown command', async () => {
    expect(await world.ask({ command: 'path_find' })).to.include({ error: 'unknownCmd', error_code: 32 })
    expect(await world.ask({})).to.include({ error: 'unknownCmd' })
  })

  it('invalid_API_version: a version that is not known', async () => {
    expect(await world.ask({ command: 'ping', api_version: 3 })).to.include({ error: 'invalid_API_version' })
  })

  it('without api_version it is 1, as in requestAll of xrpl.js, which sends none (V)', async () => {
    await world.settle(world.payer, { TransactionType: 'AccountSet' })
    const [old] = await world.client.requestAll({ command: 'account_tx', account: world.payer.address })
    expect(old?.result.transactions[0]).to.have.any.keys('tx').and.not.to.have.any.keys('tx_json')
    const { result } = await world.client.request({ command: 'account_tx', account: world.payer.address })
    expect(result.transactions[0]).to.have.any.keys('tx_json').and.not.to.have.any.keys('tx')
  })

  describe('which ledger', () => {
    const asked = async (fields: Record<string, unknown>): Promise<Record<string, unknown>> => {
      const { result, error, error_message } = await world.ask({ command: 'account_info', account: world.payer.address, ...fields })
      const { ledger_index, ledger_hash, ledger_current_index, validated } = (result ?? {}) as Record<string, unknown>
      return { ledger_index, ledger_hash, ledger_current_index, validated, error, error_message }
    }

    it('validated, closed, current, an index, a hash; validated is true for what is validated alone', async () => {
      world.rippled.closeLedger(3)
      world.rippled.faults.unvalidated = 1
      const { index, hash } = world.rippled.network.lastClosed
      const nothing = { ledger_current_index: undefined, error: undefined, error_message: undefined }
      const last = { ...nothing, ledger_index: index, ledger_hash: hash, validated: false }
      expect(await asked({ ledger_index: 'closed' })).to.deep.equal(last)
      expect(await asked({ ledger_index: index })).to.deep.equal(last)
      expect(await asked({ ledger_hash: hash })).to.deep.equal(last)
      expect(await asked({ ledger_index: 'validated' })).to.include({ ledger_index: index - 1, validated: true })
      const open = { ...nothing, ledger_index: undefined, ledger_hash: undefined, ledger_current_index: index + 1, validated: false }
      expect(await asked({ ledger_index: 'current' })).to.deep.equal(open)
      expect(await asked({}), 'the default').to.deep.equal(open)
      world.rippled.faults.clear()
    })

    it('lgrNotFound 21: one that is not there; invalidParams: no selector at all', async () => {
      expect(await asked({ ledger_index: 5_000_000 })).to.include({ error: 'lgrNotFound' })
      expect(await asked({ ledger_hash: 'A'.repeat(64) })).to.include({ error: 'lgrNotFound' })
      expect(await asked({ ledger_index: 'last' })).to.include({ error: 'invalidParams' })
    })
  })
})
