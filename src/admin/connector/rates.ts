/** The route for exchange rates. */
import { z } from 'zod'
import type { RateBackend } from '../../forwarding/rate-backend.js'
import { json } from '../../http/responses.js'
import { route, type Route } from '../../http/route.js'
import { mapValues } from './accounts.js'

export interface RateParts {
  backend: Pick<RateBackend, 'getStatus'>
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
    })
  ]
}
