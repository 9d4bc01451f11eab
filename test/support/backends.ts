/** What the backend tests share: accounts, a log that can be waited for, and a rate service on 127.0.0.1. */
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import { once } from 'node:events'
import { format } from 'node:util'
import type { AccountInfo } from '../../src/contracts/account.js'
import type { BackendApi } from '../../src/contracts/backend.js'
import type { Logger } from '../../src/contracts/logger.js'
import type { PluginStore } from '../../src/contracts/plugin.js'

export type Assets = Record<string, Pick<AccountInfo, 'assetCode' | 'assetScale'>>

type Level = 'error' | 'warn' | 'info' | 'debug' | 'trace'

/** Keeps every line as text; `next(level)` resolves with the next line of that level. */
export class RecordingLog implements Logger {
  readonly debugEnabled = true
  readonly lines: Array<{ level: Level, text: string }> = []
  private waiting: Array<{ level: Level, resolve: (text: string) => void }> = []

  error = this.recorder('error')
  warn = this.recorder('warn')
  info = this.recorder('info')
  debug = this.recorder('debug')
  trace = this.recorder('trace')

  next (level: Level): Promise<string> {
    return new Promise(resolve => { this.waiting.push({ level, resolve }) })
  }

  text (): string {
    return this.lines.map(({ level, text }) => `${level} ${text}`).join('\n')
  }

  private recorder (level: Level) {
    return (message: unknown, ...args: unknown[]): void => {
      const text = format(message, ...args)
      this.lines.push({ level, text })
      for (const waiter of this.waiting.filter(waiter => waiter.level === level)) waiter.resolve(text)
      this.waiting = this.waiting.filter(waiter => waiter.level !== level)
    }
  }
}

export function apiFor (assets: Assets, log: Logger = new RecordingLog()): BackendApi {
  return {
    getInfo (accountId) {
      const asset = assets[accountId]
      if (asset === undefined) throw new Error(`unknown account id. accountId=${accountId}`)
      return { relation: 'peer', plugin: 'ilp-plugin-btp', ...asset }
    },
    getAccountIds: () => Object.keys(assets),
    accounts: {},
    store: storeOfBackend(),
    log
  }
}

/** A store that forgets all when it is dropped. */
export function storeOfBackend (): PluginStore {
  const kept = new Map<string, string>()
  return {
    get: key => Promise.resolve(kept.get(key)),
    put: (key, value) => { kept.set(key, value); return Promise.resolve() },
    del: key => { kept.delete(key); return Promise.resolve() }
  }
}

export interface RateServer {
  url: string
  /** What every request gets from now on. */
  answer: RequestListener
  readonly requests: IncomingMessage[]
  close (): Promise<void>
}

export async function startRateServer (answer: RequestListener): Promise<RateServer> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    rateServer.answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const rateServer: RateServer = {
    url: `http://127.0.0.1:${port ?? 0}/rates`,
    answer,
    requests,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
  return rateServer
}

export function respond (body: string | Buffer, status = 200, headers: Record<string, string> = {}): RequestListener {
  return (_request, response) => { response.writeHead(status, headers).end(body) }
}

/** The rates of 18 March 2015, as in the classic connector's test data. */
export const RATES_2015 = { base: 'EUR', date: '2015-03-18', rates: { AUD: 1.3901, CAD: 1.3583, CNY: 6.5982, USD: 1.0592, JPY: 130.553 } }

/** A document in the form of eurofxref-daily.xml. */
export function ecbDocument (rates: Record<string, number | string> = RATES_2015.rates): string {
  const cubes = Object.entries(rates).map(([currency, rate]) => `\t\t\t<Cube currency='${currency}' rate='${rate}'/>`)
  return `<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender>
\t\t<gesmes:name>European Central Bank</gesmes:name>
\t</gesmes:Sender>
\t<Cube>
\t\t<Cube time='2015-03-18'>
${cubes.join('\n')}
\t\t</Cube>
\t</Cube>
</gesmes:Envelope>`
}

/** Floor of amount x rate, the way the connector applies a rate. */
export function apply (amount: bigint, rate: string): bigint {
  const [whole = '', decimals = ''] = rate.split('.')
  return amount * BigInt(whole + decimals) / 10n ** BigInt(decimals.length)
}

