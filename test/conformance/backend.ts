/**
 * The promises every exchange-rate backend keeps, as a mocha suite for authors of their own. Nothing here looks inside a backend:
 * `backendConformance('mine', (options, api) => new MyBackend(options, api), accounts)`.
 */
import { expect } from 'chai'
import { SILENT_LOG } from '../../src/contracts/logger.js'
import type { AccountInfo } from '../../src/contracts/account.js'
import type { Backend, BackendApi, Rate } from '../../src/contracts/backend.js'

/** Every account's asset must be one the backend knows a rate of. At least two accounts, best of different assets and scales. */
export type ConformanceAccounts = Record<string, Pick<AccountInfo, 'assetCode' | 'assetScale'>>

/** What a backend does beyond the contract's minimum; declared, not found out. */
export interface BackendFeatures {
  /** Two questions in a row get one answer, and the rate there and back gains nothing. False for rates that move by themselves. */
  steady?: boolean
  /** An account whose asset has no rate. Absent when the backend knows every asset. */
  unknownAsset?: ConformanceAccounts[string]
}

/** @param createBackend called for each test with `options.spread` and the API a connector would give */
export function backendConformance (
  name: string,
  createBackend: (options: { spread: number }, api: BackendApi) => Backend,
  accounts: ConformanceAccounts,
  { steady = true, unknownAsset }: BackendFeatures = {}
): void {
  const ids = Object.keys(accounts)
  const pairs = ids.flatMap(source => ids.map(destination => ({ source, destination })))
  const known: ConformanceAccounts = unknownAsset === undefined ? accounts : { ...accounts, 'conformance-unknown': unknownAsset }
  const api: BackendApi = {
    getInfo: accountId => infoOf(known, accountId), getAccountIds: () => Object.keys(known), accounts: {}, log: SILENT_LOG
  }

  describe(`backend conformance: ${name}`, () => {
    let started: Backend[] = []

    const start = async (spread = 0): Promise<Backend> => {
      const backend = createBackend({ spread }, api)
      started.push(backend)
      await backend.connect()
      return backend
    }

    afterEach(async () => {
      for (const backend of started) await backend.disconnect?.()
      started = []
    })

    it('gives a decimal number of at least 0 for every pair of accounts', async () => {
      const backend = await start()
      for (const { source, destination } of pairs) {
        expect(String(await backend.getRate(source, destination)), `${source} -> ${destination}`).to.match(/^\d+(\.\d+)?(e[+-]?\d+)?$/)
      }
    })

    it('rejects, and does not throw, for an account that does not exist', async () => {
      const backend = await start()
      const asked = [backend.getRate('conformance-nobody', ids[0] ?? ''), backend.getRate(ids[0] ?? '', 'conformance-nobody')]
      for (const outcome of await Promise.allSettled(asked)) expect(outcome.status).to.equal('rejected')
    })

    it('takes no notice of fulfilled packets that could disturb them', async () => {
      const backend = await start()
      const payment = { sourceAccount: ids[0] ?? '', sourceAmount: '100', destinationAccount: ids[1] ?? '', destinationAmount: '99' }
      await backend.submitPayment?.(payment)
      await backend.submitPacket?.({ ...payment, parsedPacket: {}, result: Buffer.alloc(0) })
    })

    it('can be disconnected twice', async () => {
      const backend = await start()
      await backend.disconnect?.()
      await backend.disconnect?.()
    })

    if (steady) {
      it('gives the same rate when asked again', async () => {
        const backend = await start()
        for (const { source, destination } of pairs) {
          const first = String(await backend.getRate(source, destination))
          expect(String(await backend.getRate(source, destination))).to.equal(first)
        }
      })

      it('lets nobody gain by going there and back', async () => {
        const backend = await start()
        for (const { source, destination } of pairs) {
          const there = exactly(await backend.getRate(source, destination))
          const back = exactly(await backend.getRate(destination, source))
          const gain = isMore({ units: there.units * back.units, perUnit: there.perUnit * back.perUnit }, { units: 1n, perUnit: 1n })
          expect(gain, `${source} -> ${destination} -> ${source}`).to.equal(false)
        }
      })

      it('keeps the spread: half of it all is half the rate', async () => {
        const [free, half] = [await start(0), await start(0.5)]
        for (const { source, destination } of pairs) {
          const full = exactly(await free.getRate(source, destination))
          const kept = exactly(await half.getRate(source, destination))
          expect(isMore({ ...kept, units: 2n * kept.units }, full), `${source} -> ${destination}`).to.equal(false)
        }
      })
    }

    if (unknownAsset !== undefined) {
      it('rejects with an ILP error code that says "try later" for an asset without a rate', async () => {
        const backend = await start()
        const asked = [backend.getRate('conformance-unknown', ids[0] ?? ''), backend.getRate(ids[0] ?? '', 'conformance-unknown')]
        for (const outcome of await Promise.allSettled(asked)) {
          expect(outcome).to.have.property('status', 'rejected')
          expect(outcome).to.have.nested.property('reason.ilpErrorCode', 'T00')
        }
      })
    }
  })
}

function infoOf (accounts: ConformanceAccounts, accountId: string): AccountInfo {
  const asset = accounts[accountId]
  if (asset === undefined) throw new Error(`unknown account id. accountId=${accountId}`)
  return { relation: 'peer', plugin: 'ilp-plugin-btp', ...asset }
}

interface ExactRate {
  units: bigint
  perUnit: bigint
}

/** Above it by more than the last of the 15 digits that a rate kept in a JavaScript number has. */
function isMore (a: ExactRate, b: ExactRate): boolean {
  return a.units * b.perUnit * 10n ** 14n > b.units * a.perUnit * (10n ** 14n + 1n)
}

/** The exact fraction that the digits of a rate say. */
function exactly (rate: Rate): ExactRate {
  const [mantissa = '', exponent = '0'] = String(rate).split('e')
  const [whole = '', decimals = ''] = mantissa.split('.')
  const shift = Number(exponent) - decimals.length
  const power = 10n ** BigInt(Math.abs(shift))
  const units = BigInt(whole + decimals)
  return shift < 0 ? { units, perUnit: power } : { units: units * power, perUnit: 1n }
}
