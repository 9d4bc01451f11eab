/** The routes for prices behind exchange rates, of both admin APIs: what they are, and one set by hand. */
import { z } from 'zod'
import type { AssetReport, Prices } from '../contracts/prices.js'
import { SluiceError } from '../contracts/errors.js'
import { json } from '../http/responses.js'
import { param, route, type Route } from '../http/route.js'

/** An hour; and 30 days. */
const LIFETIME_DEFAULT_MS = 3_600_000
const LIFETIME_MAX_MS = 30 * 24 * 3_600_000

const OBJECT = 'Request body must be a JSON object'
const PRICE = 'price must be a decimal string above 0, such as "0.52"'

const manualPrice = z.strictObject({
  price: z.string(PRICE).regex(/^(?=.*[1-9])\d{1,20}(\.\d{1,20})?$/, PRICE).describe('Units of the quote currency per unit of the asset'),
  lifetimeMs: z.int().min(1000).max(LIFETIME_MAX_MS).optional().describe('How long it is in force, in ms; 1 hour unless given, 30 days at most')
}, OBJECT)

const ageMs = z.number().optional()
const quoted = { price: z.string().optional(), ageMs, trouble: z.string().optional().describe('Why it is not used') }
const simpleReport = {
  ...quoted,
  from: z.enum(['quote', 'manual', 'market', 'rates']).describe('manual: set by hand; market: several sources agree; rates: one source, or the configuration'),
  until: z.iso.datetime().optional().describe('When a price set by hand ends'),
  sources: z.record(z.string(), z.strictObject(quoted)).optional().describe('What each source says')
}
const report: z.ZodType<AssetReport> = z.strictObject({
  ...simpleReport, otherwise: z.strictObject(simpleReport).optional().describe('What it would be if none was set by hand')
}) as z.ZodType<AssetReport>

const all = z.strictObject({
  quote: z.string().describe('What all prices are in'),
  assets: z.record(z.string(), report),
  sources: z.record(z.string(), z.strictObject({ failures: z.int(), trouble: z.string().optional() }))
})

/** @param path where the API has them; `prices` throws if there are none */
export function priceRoutes (path: string, prices: () => Prices): Route[] {
  const params = { asset: 'The asset\'s code, such as EUR' }
  return [
    route({
      method: 'get',
      path,
      summary: 'Shows the prices behind the exchange rates, where they come from, and which are set by hand',
      responses: { 200: all },
      errors: { 409: 'The backend has no prices' }
    }, () => json(200, prices().report())),

    route({
      method: 'put',
      path: `${path}/{asset}`,
      summary: 'Sets a price by hand, over what the sources say, for a time',
      params,
      body: { schema: manualPrice, example: { price: '0.52', lifetimeMs: LIFETIME_DEFAULT_MS } },
      responses: { 200: report },
      errors: { 400: 'A field is missing or wrong', 404: 'No account has this asset', 409: 'The backend has no prices, or all prices are in this asset' }
    }, async request => {
      const { price, lifetimeMs = LIFETIME_DEFAULT_MS } = request.body
      return json(200, await prices().set(param(request, 'asset'), price, lifetimeMs))
    }),

    route({
      method: 'delete',
      path: `${path}/{asset}`,
      summary: 'Takes a price back that was set by hand',
      params,
      responses: { 200: z.strictObject({ asset: z.string(), cleared: z.literal(true) }) },
      errors: { 404: 'None was set', 409: 'The backend has no prices' }
    }, async request => {
      const asset = param(request, 'asset')
      if (!await prices().clear(asset)) throw new SluiceError('SLUICE_PRICE_UNKNOWN', `no price was set by hand. asset=${asset}`)
      return json(200, { asset, cleared: true })
    })
  ]
}
