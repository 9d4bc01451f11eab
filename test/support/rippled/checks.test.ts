/** What every transaction must pass on the stand-in: section 2.1 of the specification (TRX, NOP), in the order of the checks. */
import { expect } from 'chai'
import { Wallet, encode, type RippledError } from 'xrpl'
import { applyTransaction } from './apply.js'
import { preclaim, preflight } from './checks.js'
import { numberOf } from './codes.js'
import { lsf } from './entries.js'
import { MAINNET_AMENDMENTS, MAINNET_FEES, type Building } from './rules.js'
import { signedBlob, startLedgerWorld, XRP, type LedgerWorld } from './parties.js'
import { readTransaction, type Transaction } from './transaction.js'
import { accountOf, putAccount, View } from './view.js'

describe('the stand-in for rippled: checks of all transactions', () => {
  let world: LedgerWorld
  let pay: Record<string, unknown>

  beforeEach(async () => {
    world = await startLedgerWorld()
    pay = { TransactionType: 'Payment', Destination: world.payee.address, Amount: `${XRP}` }
  })

  afterEach(() => world.stop())

  const send = async (fields: Record<string, unknown> = {}, wallet = world.payer): Promise<string> =>
    (await world.send(wallet, { ...pay, ...fields })).engine_result
  const sequence = (): number => world.rippled.network.sequencesOf(world.payer.address).next

  function change (address: string, fields: { Balance?: bigint, Flags?: number, RegularKey?: string, AccountTxnID?: string }): void {
    world.rippled.network.place(view => {
      const root = accountOf(view, address)
      if (root !== undefined) putAccount(view, { ...root, ...fields })
    })
  }

  async function errorOf (blob: string): Promise<{ error?: string, error_exception?: string }> {
    return await world.client.request({ command: 'submit', tx_blob: blob }).then(() => ({}), (error: unknown) => (error as RippledError).data as object)
  }

  describe('networks (TRX preflight0)', () => {
    it('telREQUIRES_NETWORK_ID, telWRONG_NETWORK: on a network above 1024 the id is missing, or another', async () => {
      expect(await send({ NetworkID: undefined, Flags: 1 })).to.equal('telREQUIRES_NETWORK_ID')
      expect(await send({ NetworkID: 1025, Flags: 1 })).to.equal('telWRONG_NETWORK')
      expect(await send()).to.equal('tesSUCCESS')
    })

    it('telNETWORK_ID_MAKES_TX_NON_CANONICAL: the id is given on a network up to 1024', async () => {
      await world.stop()
      world = await startLedgerWorld({ networkId: 1024 })
      pay = { ...pay, Destination: world.payee.address }
      expect(await send({ NetworkID: 1024, Flags: 1 })).to.equal('telNETWORK_ID_MAKES_TX_NON_CANONICAL')
      expect(await send()).to.equal('tesSUCCESS')
    })
  })

  it('temINVALID_FLAG: flags outside the mask of the type, before the fee; 0x80000000 is allowed, 0x40000000 is not (TRX preflight0)', async () => {
    expect(await send({ Flags: 0x00010000, Fee: { currency: 'USD', issuer: world.payee.address, value: '1' } })).to.equal('temINVALID_FLAG')
    expect(await send({ Flags: 0x40000000 })).to.equal('temINVALID_FLAG')
    expect(await send({ Flags: 0x80000000 })).to.equal('tesSUCCESS')
  })

  it('temBAD_FEE: not XRP, or negative (TRX preflight1)', async () => {
    expect(await send({ Fee: { currency: 'USD', issuer: world.payee.address, value: '1' } })).to.equal('temBAD_FEE')
    const negative = { ...read(world.blobOf(world.payer, pay)), fee: -1n }
    expect(preflight(negative, building())).to.equal('temBAD_FEE')
  })

  it('error invalidTransaction: the signature is wrong, or the blob unreadable (NOP, D:submit)', async () => {
    const blob = world.blobOf(world.payer, pay)
    const other = encode({ ...read(blob).json, Amount: `${2n * XRP}` } as unknown as Parameters<typeof encode>[0])
    expect(await errorOf(other)).to.deep.include({ error: 'invalidTransaction', error_exception: 'fails local checks: Invalid signature.' })
    for (const bad of ['', '00', 'xyz', `${blob}00`, blob.slice(0, -2)]) expect((await errorOf(bad)).error, bad.slice(0, 4)).to.equal('invalidTransaction')
    const incomplete = signedBlob(world.payer, { ...read(blob).json, Destination: undefined, TxnSignature: undefined })
    expect(await errorOf(incomplete)).to.deep.include({ error: 'invalidTransaction', error_exception: "Field 'Destination' is required but missing." })
    expect(sequence()).to.equal(read(blob).sequence)
  })

  it('terNO_ACCOUNT: the account is not there (TRX)', async () => {
    expect(await send({}, Wallet.generate())).to.equal('terNO_ACCOUNT')
  })

  it('temSEQ_AND_TICKET: both, with a Sequence other than 0 (TRX checkSeqProxy)', async () => {
    expect(await send({ TicketSequence: 1 })).to.equal('temSEQ_AND_TICKET')
  })

  it('terPRE_SEQ, tefPAST_SEQ: the sequence is too high, or too low (TRX checkSeqProxy)', async () => {
    expect(await send({ Sequence: sequence() + 1 })).to.equal('terPRE_SEQ')
    expect(await send({ Sequence: sequence() - 1, LastLedgerSequence: 1 })).to.equal('tefPAST_SEQ')
  })

  it('keeps a terPRE_SEQ, and applies it when the one before comes (NOP, held transactions)', async () => {
    const later = await world.send(world.payer, { ...pay, Sequence: sequence() + 1 })
    expect(later).to.include({ engine_result: 'terPRE_SEQ', kept: true, applied: false, queued: false })
    await send()
    world.rippled.closeLedger()
    expect(world.rippled.network.transaction(later.tx_json.hash ?? '')?.result).to.equal('tesSUCCESS')
  })

  it('terPRE_TICKET, tefNO_TICKET: the ticket is not there yet, or no more (TRX checkSeqProxy)', async () => {
    const ticket = sequence() + 1
    expect(await send({ Sequence: 0, TicketSequence: ticket })).to.equal('terPRE_TICKET')
    await world.settle(world.payer, { TransactionType: 'TicketCreate', TicketCount: 1 })
    expect(await send({ Sequence: 0, TicketSequence: ticket }), 'kept, and applied already').to.equal('tefNO_TICKET')
    expect(await send({ Sequence: 0, TicketSequence: ticket - 1 }), 'never made').to.equal('tefNO_TICKET')
  })

  it('tefMAX_LEDGER: the ledger is beyond LastLedgerSequence (TRX checkPriorTxAndLastLedger)', async () => {
    const open = world.rippled.network.openIndex
    expect(await send({ LastLedgerSequence: open - 1, Fee: '9' })).to.equal('tefMAX_LEDGER')
    expect(await send({ LastLedgerSequence: open })).to.equal('tesSUCCESS')
  })

  it('tefALREADY: the same transaction is in the ledger; one sent again meets tefPAST_SEQ before that (TRX)', async () => {
    const blob = world.blobOf(world.payer, pay)
    const view = new View(world.rippled.network.openView)
    const inLedger = building({ has: hash => hash === read(blob).hash })
    expect(preclaim(read(blob), view, inLedger)).to.equal('tefALREADY')
    await world.client.request({ command: 'submit', tx_blob: blob })
    const again = await world.client.request({ command: 'submit', tx_blob: blob })
    expect(again.result.engine_result).to.equal('tefPAST_SEQ')
  })

  it('tefWRONG_PRIOR: AccountTxnID is not the last transaction of the account (TRX)', async () => {
    expect(await send({ AccountTxnID: 'A'.repeat(64) })).to.equal('tefWRONG_PRIOR')
  })

  it('telINSUF_FEE_P: less than the base fee, scaled with the load of the server (TRX checkFee)', async () => {
    expect(await send({ Fee: '9' })).to.equal('telINSUF_FEE_P')
    world.rippled.network.loadFactor = 3
    expect(await send({ Fee: '29' })).to.equal('telINSUF_FEE_P')
    expect(await send({ Fee: '30' })).to.equal('tesSUCCESS')
  })

  it('terINSUF_FEE_B: the balance is below the fee (TRX checkFee)', async () => {
    change(world.payer.address, { Balance: 9n })
    expect(await send()).to.equal('terINSUF_FEE_B')
  })

  it('tecINSUFF_FEE: the same in a closed ledger, with something left; all of it is the fee (TRX checkFee, reset)', () => {
    const before = sequence()
    const tx = read(world.blobOf(world.payer, { ...pay, Fee: '10' }))
    change(world.payer.address, { Balance: 7n })
    const view = new View(world.rippled.network.openView)
    const applied = applyTransaction(tx, view, building({ isOpen: false }))
    expect(applied).to.include({ result: 'tecINSUFF_FEE', isApplied: true, fee: 7n })
    expect(accountOf(view, world.payer.address)).to.include({ Balance: 0n, Sequence: before + 1 })
  })

  describe('who signs (TRX checkSingleSign)', () => {
    it('the regular key is good, also when the master key is disabled; the master key then is tefMASTER_DISABLED', async () => {
      const regular = Wallet.generate()
      const byRegular = async (): Promise<string> => {
        const blob = signedBlob(regular, { ...read(world.blobOf(world.payer, pay)).json, TxnSignature: undefined })
        return (await world.client.request({ command: 'submit', tx_blob: blob })).result.engine_result
      }
      expect(await byRegular()).to.equal('tefBAD_AUTH')
      expect(await world.settle(world.payer, { TransactionType: 'AccountSet', SetFlag: 4 })).to.equal('tecNO_ALTERNATIVE_KEY')
      expect(await world.settle(world.payer, { TransactionType: 'SetRegularKey', RegularKey: regular.address })).to.equal('tesSUCCESS')
      expect(await byRegular()).to.equal('tesSUCCESS')
      expect(await send(), 'the master key as well').to.equal('tesSUCCESS')
      expect(await world.settle(world.payer, { TransactionType: 'AccountSet', SetFlag: 4 })).to.equal('tesSUCCESS')
      expect(await send()).to.equal('tefMASTER_DISABLED')
      expect(await byRegular()).to.equal('tesSUCCESS')
    })

    it('anybody else: tefBAD_AUTH, before the fee is looked at', async () => {
      const forged = { ...read(world.blobOf(world.payer, { ...pay, Fee: '1' })).json, TxnSignature: undefined }
      const blob = signedBlob(world.stranger, forged)
      expect((await world.client.request({ command: 'submit', tx_blob: blob })).result.engine_result).to.equal('tefBAD_AUTH')
    })

    it('a regular key that is the master key of a disabled account is good (TRX: the regular key comes first)', async () => {
      change(world.payer.address, { Flags: lsf.disableMaster, RegularKey: world.payer.address })
      expect(await send()).to.equal('tesSUCCESS')
    })
  })

  it('pays the fee out of the reserve (TRX)', async () => {
    change(world.payer.address, { Balance: XRP })
    expect(await world.settle(world.payer, { TransactionType: 'AccountSet' })).to.equal('tesSUCCESS')
    expect(world.rippled.state.account(world.payer.address)?.Balance).to.equal(XRP - 10n)
  })

  it('fail_hard: a tec is neither applied nor kept (TRX)', async () => {
    const blob = world.blobOf(world.payer, { ...pay, Amount: `${10_000n * XRP}` })
    const before = sequence()
    const hard = await world.client.request({ command: 'submit', tx_blob: blob, fail_hard: true })
    expect(hard.result).to.include({ engine_result: 'tecUNFUNDED_PAYMENT', applied: false, kept: false, broadcast: false, account_sequence_next: before })
    const soft = await world.client.request({ command: 'submit', tx_blob: blob })
    expect(soft.result).to.include({ engine_result: 'tecUNFUNDED_PAYMENT', applied: true, account_sequence_next: before + 1 })
  })

  it('error invalidTransaction: memos above 1 KB, or with a type of other than URL characters (D:memos)', async () => {
    const memo = (fields: Record<string, string>): string => world.blobOf(world.payer, { ...pay, Memos: [{ Memo: fields }] })
    expect((await errorOf(memo({ MemoData: 'AB'.repeat(1025) }))).error).to.equal('invalidTransaction')
    expect((await errorOf(memo({ MemoType: Buffer.from('a b').toString('hex') }))).error).to.equal('invalidTransaction')
    const good = memo({ MemoType: Buffer.from('a/b').toString('hex').toUpperCase(), MemoData: '00FF' })
    expect((await world.client.request({ command: 'submit', tx_blob: good })).result.engine_result).to.equal('tesSUCCESS')
  })

  it('remembers the hash after a tem, and answers the same blob with temBAD_SIGNATURE (NOP)', async () => {
    const blob = world.blobOf(world.payer, { ...pay, Amount: '0' })
    const answers = [await world.client.request({ command: 'submit', tx_blob: blob }), await world.client.request({ command: 'submit', tx_blob: blob })]
    expect(answers.map(({ result }) => result.engine_result)).to.deep.equal(['temBAD_AMOUNT', 'temBAD_SIGNATURE'])
    expect(await send(), 'signed anew it is another one').to.equal('tesSUCCESS')
  })

  it('tem, tef, ter, tel: in no ledger, no fee, sequence not used (2)', async () => {
    const before = world.rippled.state.account(world.payer.address)
    for (const fields of [{ Amount: '0' }, { Sequence: 1 }, { Sequence: 1_000_000 }, { Fee: '1' }]) await send(fields)
    world.rippled.closeLedger()
    expect(world.rippled.state.account(world.payer.address)).to.deep.equal(before)
    expect(world.rippled.network.lastClosed.transactions).to.deep.equal([])
  })

  it('temUNKNOWN: a transaction that it does not know, such as an offer', async () => {
    expect(await send({ TransactionType: 'OfferCreate', TakerGets: '1', TakerPays: '1', Amount: undefined, Destination: undefined })).to.equal('temUNKNOWN')
  })

  it('has the ranges of result numbers (D:transaction-results)', () => {
    expect(numberOf('telINSUF_FEE_P')).to.equal(-394)
    expect(numberOf('temBAD_SIGNATURE')).to.equal(-282)
    expect(numberOf('tefPAST_SEQ')).to.equal(-190)
    expect(numberOf('terQUEUED')).to.equal(-89)
    expect(numberOf('tecNO_PERMISSION')).to.equal(139)
  })

  function read (blob: string): Transaction {
    return readTransaction(blob, () => [])
  }

  function building (more: Partial<Building> = {}): Building {
    const { network } = world.rippled
    return {
      networkId: network.options.networkId, amendments: new Set(MAINNET_AMENDMENTS), fees: MAINNET_FEES, loadFactor: 1,
      index: network.openIndex, parentCloseTime: network.lastClosed.closeTime, isOpen: true, has: () => false, ...more
    }
  }
})
