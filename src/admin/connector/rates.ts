/** The routes for exchange rates, and for the prices behind them. */
import { z } from 'zod'
import { pricesOf, type RateBackend } from '../../forwarding/rate-backend.js'
import type { Backend } from '../../contracts/backend.js'
import { json } from '../../http/responses.js'
import { route, type Route } from '../../http/route.js'
import { priceRoutes } from '../prices.js'
import { mapValues } from './accounts.js'

export interface RateParts {
  backend: Pick<RateBackend, 'getStatus'> & Pick<Backend, 'prices'>
}

export function rateRoutes ({ backend }: RateParts): Route[] {
  return [
    route({
      method: 'get',
      path: '/rates',
      summary: 'Shows the rates between all pairs of accounts, spread included',
      responses: { 200: z.record(z.string(), z.record(z.string(), z.number())) },
      errors: {}
    }, async () => {
      // Exact rates become the nearest numbers, which is what clients of ilp-connector expect.
      const rates = Object.entries(await backend.getStatus())
      return json(200, mapValues(rates, targets => mapValues(Object.entries(targets), rate => Number(rate))))
    }),
    ...priceRoutes('/prices', () => pricesOf(backend))
  ]
}
