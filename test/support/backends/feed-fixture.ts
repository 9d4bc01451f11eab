/** Hooks for tests of backends that load rates: a rate service, a log, accounts, and an orderly end for every backend made. */
import sinon from 'sinon'
import type { Backend, BackendApi } from '../../../src/contracts/backend.js'
import { apiFor, ecbDocument, RecordingLog, respond, startRateServer } from '../backends.js'
import type { RateServer } from '../backends.js'

export const HOUR_MS = 3_600_000

const assets = {
  eur: { assetCode: 'EUR', assetScale: 2 },
  usd: { assetCode: 'USD', assetScale: 2 },
  xrp: { assetCode: 'XRP', assetScale: 6 },
  btc: { assetCode: 'BTC', assetScale: 8 },
  xyz: { assetCode: 'XYZ', assetScale: 2 }
}

export interface FeedContext {
  server: RateServer
  log: RecordingLog
  api: BackendApi
  /** Has the backend disconnected after the test. */
  track<B extends Backend> (backend: B): B
}

/** Call inside a describe; the context is filled before each test. */
export function useRateServer (): FeedContext {
  let backends: Backend[] = []
  const track = <B extends Backend>(backend: B): B => {
    backends.push(backend)
    return backend
  }
  const context: Partial<FeedContext> = { track }

  beforeEach(async () => {
    const log = new RecordingLog()
    Object.assign(context, { server: await startRateServer(respond(ecbDocument())), log, api: apiFor(assets, log) })
  })

  afterEach(async () => {
    sinon.restore()
    for (const backend of backends) await backend.disconnect?.()
    backends = []
    await context.server?.close()
  })

  return context as FeedContext
}

/** Freezes the clock and the timers, but lets sockets work. */
export function freezeTime (): sinon.SinonFakeTimers {
  return sinon.useFakeTimers({ now: Date.UTC(2024, 0, 2), toFake: ['Date', 'setTimeout', 'clearTimeout'] })
}
