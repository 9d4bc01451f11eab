/** Runs a case by the rules of this stand-in. */
import { Arguments } from './arguments.js'
import { hexOf, u64 } from './bcs.js'
import { CHANNEL_ENTRIES } from './channel-module.js'
import { ADDRESSES, CASE_CHAIN_ID, DAY, FUNDS, keyOf, caseSignature, stepsOf, type Case, type CoinName, type Seen, type Step, type Who } from './cases.js'
import { View } from './ledger.js'
import { Abort, entitled } from './rules.js'
import { sha3 } from './signatures.js'
import { balanceOf, mint, primaryStoreOf } from './tokens.js'

const CODE = hexOf(sha3(Buffer.from('code')))
const ASSET = hexOf(sha3(Buffer.from('asset')))
const SECOND = hexOf(sha3(Buffer.from('second')))
const COINS: Readonly<Record<CoinName, string>> = { paired: '0x2::coins::Coin', second: '0x2::coins::SecondCoin', unpaired: '0x2::coins::UnpairedCoin' }
const STATES = ['open', 'closing', 'settled']

/** What a case ends in: an abort, or nothing. @throws Error if something else is seen than the case says */
export function runCase (each: Case): { module: string, code: number } | undefined {
  const steps = stepsOf(each)
  const world = new World()
  for (const [index, step] of steps.entries()) {
    try {
      world.step(step)
    } catch (error) {
      if (!(error instanceof Abort) || index < steps.length - 1) throw error
      return { module: error.module.replace('0x1::', ''), code: Number(error.code) }
    }
  }
  return undefined
}

class World {
  private readonly view = new View({ get: () => undefined })
  private readonly channels: string[] = []
  private now = 1000n
  private chainId = CASE_CHAIN_ID
  private transactions = 0n

  constructor () {
    for (const asset of [ASSET, SECOND]) {
      this.view.set('asset', asset, { name: 'Token', symbol: 'TOK', decimals: 6 })
      for (const owner of Object.values(ADDRESSES)) mint(this.view, primaryStoreOf(owner, asset), asset, BigInt(FUNDS))
    }
    this.view.set('paired', COINS.paired, ASSET)
    this.view.set('paired', COINS.second, SECOND)
  }

  step (step: Step): void {
    if ('by' in step) {
      this.call(step)
      return
    }
    switch (step.do) {
    case 'clock': this.now = BigInt(step.now); return
    case 'chain': this.chainId = step.id; return
    case 'hooks': this.view.set('asset', ASSET, { name: 'Token', symbol: 'TOK', decimals: 6, hooks: { fee: BigInt(step.fee), isBroken: step.isBroken } }); return
    case 'freeze': this.setStore(step.who, { isFrozen: step.isFrozen }); return
    case 'vault': this.setStore('vault', { balance: BigInt(step.balance) }); return
    case 'rich': this.setStore(step.who, { balance: BigInt(step.balance) }); return
    case 'see': this.see(step, this.idOf(step.channel ?? 1))
    }
  }

  private call (step: Extract<Step, { by: Who }>): void {
    const id = this.idOf(step.channel ?? 1)
    const signature = (terms: Parameters<typeof caseSignature>[0]): Uint8Array => caseSignature(terms, CODE, channel => this.idOf(channel))
    switch (step.do) {
    case 'open': {
      const asset = step.asset === 'none' ? hexOf(sha3(Buffer.from('none'))) : ASSET
      this.enter(step, [ADDRESSES[step.other], asset, BigInt(step.challenge ?? DAY), keyOf(step.key ?? step.by)])
      return
    }
    case 'open_coin': this.enter(step, [ADDRESSES[step.other], BigInt(DAY), keyOf(step.by)], COINS[step.coin]); return
    case 'join': this.enter(step, [id, keyOf(step.key ?? step.by)]); return
    case 'deposit': this.enter(step, [id, BigInt(step.amount)]); return
    case 'deposit_coin': this.enter(step, [id, BigInt(step.amount)], COINS[step.coin]); return
    case 'redeem': this.enter(step, [id, BigInt(step.amount), signature(step.signature)]); return
    case 'withdraw':
    case 'close':
    case 'settle': this.enter(step, [id]); return
    case 'together': {
      const [claim, consent] = [signature(step.claim), signature(step.consent)]
      this.enter({ ...step, do: 'close_together' }, [id, BigInt(step.amount), claim, BigInt(step.least), BigInt(step.until), consent])
    }
    }
  }

  private enter ({ do: name, by }: { do: string, by: Who }, values: ConstructorParameters<typeof Arguments>[1], coin?: string): void {
    const hash = hexOf(sha3(u64(++this.transactions)))
    const emit = (event: string, data: object): void => {
      if (event === 'Opened' && 'channel' in data) this.channels.push(`0x${String(data.channel).slice(2).padStart(64, '0')}`)
    }
    const execution = { view: this.view, sender: ADDRESSES[by], code: CODE, chainId: this.chainId, now: this.now, hash, emit }
    CHANNEL_ENTRIES[name]?.run(execution, new Arguments(coin === undefined ? [] : [coin], values))
  }

  /** One that is not there yet has an address, too. */
  private idOf (channel: number): string {
    return this.channels[channel - 1] ?? hexOf(sha3(Buffer.from(`no channel ${channel}`)))
  }

  private setStore (who: Who | 'vault', change: { isFrozen?: boolean, balance?: bigint }): void {
    const store = who === 'vault' ? this.idOf(1) : primaryStoreOf(ADDRESSES[who], ASSET)
    this.view.set('store', store, { ...this.view.get('store', store) ?? { asset: ASSET, balance: 0n, isFrozen: false }, ...change })
  }

  private see (expected: Seen, id: string): void {
    const channel = this.view.get('channel', id)
    if (channel === undefined) throw new Error(`there is no channel ${id}`)
    const { rules, revision } = channel
    const facts: Array<[string, number | string | undefined, unknown]> = [
      ['state', expected.state, STATES.indexOf(rules.state)],
      ['settleableAt', expected.settleableAt, rules.settleableAt],
      ['revision', expected.revision, revision],
      ['vault', expected.vault, this.view.get('store', id)?.balance],
      ...Object.entries(expected.entitled ?? {}).map(([who, value]): [string, number | string, unknown] =>
        [`entitled ${who}`, value, entitled(rules, ADDRESSES[who as Who])]),
      ...Object.entries(expected.balance ?? {}).map(([who, value]): [string, number | string, unknown] =>
        [`balance ${who}`, value, balanceOf(this.view, ADDRESSES[who as Who], ASSET)])
    ]
    for (const [name, wanted, found] of facts) {
      if (wanted !== undefined && String(wanted) !== String(found)) throw new Error(`${name} is ${String(found)}, and not ${wanted}`)
    }
  }
}
