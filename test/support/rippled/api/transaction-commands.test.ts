/** Transactions over the stand-in's API: rows of section 4 (D:submit, D:tx, D:account_tx). */
import { expect } from 'chai'
import { openChannelIn } from '../channels.js'
import { startLedgerWorld, XRP, type LedgerWorld } from '../parties.js'

describe('the stand-in for rippled: transaction commands', () => {
  let world: LedgerWorld

  beforeEach(async () => { world = await startLedgerWorld() })

  afterEach(() => world.stop())

  type Fields = Record<string, unknown>
  const result = async (fields: Fields): Promise<Fields> => {
    const answer = await world.ask(fields)
    return (answer.result ?? answer) as Fields
  }
  const hashOf = async (): Promise<string> => (await world.send(world.payer, { TransactionType: 'AccountSet' })).tx_json.hash ?? ''

  describe('submit', () => {
    it('is a success also for a failed transaction, and says what the server did with it', async () => {
      const blob = world.blobOf(world.payer, { TransactionType: 'AccountSet' })
      const { next } = world.rippled.network.sequencesOf(world.payer.address)
      const good = await result({ command: 'submit', tx_blob: blob })
      expect(good).to.include({
        engine_result: 'tesSUCCESS', engine_result_code: 0, accepted: true, applied: true, broadcast: true, kept: true, queued: false,
        account_sequence_next: next + 1, account_sequence_available: next + 1, open_ledger_cost: '10',
        validated_ledger_index: world.rippled.network.lastClosed.index, tx_blob: blob
      })
      expect(good.tx_json).to.include({ TransactionType: 'AccountSet', Account: world.payer.address }).and.to.have.property('hash').that.matches(/^[0-9A-F]{64}$/)
      const bad = await world.ask({ command: 'submit', tx_blob: blob })
      expect(bad.result).to.include({ engine_result: 'tefPAST_SEQ', engine_result_code: -190, accepted: false, applied: false, broadcast: false, kept: false })
    })

    it('amendmentBlocked 14, invalidParams', async () => {
      expect(await result({ command: 'submit' })).to.include({ error: 'invalidParams' })
      world.rippled.faults.amendmentBlocked = true
      expect(await result({ command: 'submit', tx_blob: '00' })).to.include({ error: 'amendmentBlocked', error_code: 14 })
      expect((await result({ command: 'server_info' })).info).to.include({ amendment_blocked: true })
    })
  })

  describe('tx', () => {
    it('pending: without metadata and ledger; closed: with metadata, not validated; validated: with ledger_index and time (rippled Tx.cpp)', async () => {
      const hash = await hashOf()
      const pending = await result({ command: 'tx', transaction: hash })
      expect(pending).to.include({ hash, validated: false }).and.not.to.have.any.keys('meta', 'ledger_index', 'ledger_hash', 'close_time_iso')
      world.rippled.faults.unvalidated = 1
      const closed = world.rippled.closeLedger()
      const provisional = await result({ command: 'tx', transaction: hash })
      expect(provisional).to.include({ validated: false, ledger_hash: closed.hash }).and.to.have.any.keys('meta')
      expect(provisional).not.to.have.any.keys('ledger_index', 'close_time_iso')
      world.rippled.faults.clear()
      const final = await result({ command: 'tx', transaction: hash.toLowerCase() })
      expect(final).to.include({ validated: true, ledger_index: closed.index, ledger_hash: closed.hash, hash })
      expect(final).to.have.any.keys('close_time_iso')
      expect(final.meta).to.deep.include({ TransactionResult: 'tesSUCCESS', TransactionIndex: 0 })
      expect(final.tx_json).to.include({ Account: world.payer.address, date: closed.closeTime, ledger_index: closed.index })
    })

    it('in version 1 has the fields of the transaction at the top', async () => {
      const hash = await hashOf()
      expect(await result({ command: 'tx', transaction: hash, api_version: 1 })).to.include({ Account: world.payer.address, hash, validated: false })
      const { index, closeTime } = world.rippled.closeLedger()
      const old = await result({ command: 'tx', transaction: hash, api_version: 1 })
      expect(old).to.include({ Account: world.payer.address, hash, validated: true, ledger_index: index, inLedger: index, date: closeTime })
      expect(old).to.have.any.keys('meta').and.not.to.have.any.keys('tx_json')
    })

    it('txnNotFound 29, with searched_all when both bounds are given', async () => {
      world.rippled.closeLedger(5)
      const ask = (fields: Fields): Promise<Fields> => result({ command: 'tx', transaction: 'A'.repeat(64), ...fields })
      const last = world.rippled.network.lastClosed.index
      expect(await ask({})).to.include({ error: 'txnNotFound', error_code: 29 }).and.not.to.have.any.keys('searched_all')
      expect(await ask({ min_ledger: 1000 })).not.to.have.any.keys('searched_all')
      expect(await ask({ min_ledger: 1000, max_ledger: last })).to.include({ error: 'txnNotFound', searched_all: true })
      expect(await ask({ min_ledger: 1000, max_ledger: last + 1 }), 'not validated yet').to.include({ searched_all: false })
      expect(await ask({ min_ledger: 999, max_ledger: last }), 'before its history').to.include({ searched_all: false })
      world.rippled.faults.missing = [[1002, 1002]]
      expect(await ask({ min_ledger: 1000, max_ledger: last }), 'a gap').to.include({ searched_all: false })
      expect(await ask({ min_ledger: 1003, max_ledger: last })).to.include({ searched_all: true })
    })

    it('excessiveLgrRange, invalidLgrRange, invalidParams', async () => {
      const ask = (fields: Fields): Promise<Fields> => result({ command: 'tx', transaction: 'A'.repeat(64), ...fields })
      expect(await ask({ min_ledger: 1, max_ledger: 1002 })).to.include({ error: 'excessiveLgrRange', error_code: 78 })
      expect(await ask({ min_ledger: 1, max_ledger: 1001 })).to.include({ error: 'txnNotFound' })
      expect(await ask({ min_ledger: 2, max_ledger: 1 })).to.include({ error: 'invalidLgrRange', error_code: 79 })
      expect(await result({ command: 'tx' })).to.include({ error: 'invalidParams' })
      expect(await ask({ transaction: 'xyz' })).to.include({ error: 'notImpl' })
    })

    it('does not find a transaction outside of the bounds', async () => {
      const hash = await hashOf()
      const { index } = world.rippled.closeLedger()
      world.rippled.closeLedger()
      expect(await result({ command: 'tx', transaction: hash, min_ledger: index, max_ledger: index })).to.include({ validated: true })
      expect(await result({ command: 'tx', transaction: hash, min_ledger: index + 1, max_ledger: index + 1 })).to.include({ error: 'txnNotFound' })
    })
  })

  describe('account_tx', () => {
    it('has the transactions that touch the account, the newest first, in pages', async () => {
      const channel = await openChannelIn(world)
      await channel.fund(world.payer)
      await channel.claim(world.payee, channel.signed(XRP))
      const pages: string[] = []
      let marker: unknown
      do {
        const page = await result({ command: 'account_tx', account: world.payee.address, limit: 2, ...marker === undefined ? {} : { marker } })
        for (const { tx_json } of page.transactions as Array<{ tx_json: { TransactionType: string } }>) pages.push(tx_json.TransactionType)
        marker = page.marker
        expect(page.validated).to.equal(true)
      } while (marker !== undefined)
      expect(pages).to.deep.equal(['PaymentChannelClaim', 'PaymentChannelFund', 'PaymentChannelCreate'])
      const { transactions } = await result({ command: 'account_tx', account: world.payee.address, forward: true, ledger_index_min: -1, ledger_index_max: -1 })
      const [first] = transactions as [Fields]
      expect(first).to.have.all.keys('tx_json', 'hash', 'meta', 'ledger_index', 'ledger_hash', 'close_time_iso', 'validated')
      expect(first.tx_json).to.include({ TransactionType: 'PaymentChannelCreate' })
    })

    it('lgrIdxMalformed, invalidLgrRange, lgrIdxsInvalid, actMalformed, invalidParams for a bad marker', async () => {
      const ask = (fields: Fields): Promise<Fields> => result({ command: 'account_tx', account: world.payer.address, ...fields })
      expect(await ask({ ledger_index_min: 1 })).to.include({ error: 'lgrIdxMalformed', error_code: 58 })
      expect(await ask({ ledger_index_max: 9999 })).to.include({ error: 'lgrIdxMalformed' })
      world.rippled.closeLedger(5)
      expect(await ask({ ledger_index_min: 1004, ledger_index_max: 1002 })).to.include({ error: 'invalidLgrRange' })
      expect(await ask({ ledger_index_min: 1004, ledger_index_max: 1002, api_version: 1 })).to.include({ error: 'lgrIdxsInvalid' })
      expect(await ask({ account: 'x' })).to.include({ error: 'actMalformed' })
      expect(await ask({ marker: { ledger: 1, seq: 1 } })).to.include({ error: 'invalidParams' })
    })
  })
})
