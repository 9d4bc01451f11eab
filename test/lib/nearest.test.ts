/** A typing error is recognised; a name that means something else is not. */
import { expect } from 'chai'
import { nearest } from '../../src/lib/nearest.js'

describe('nearest name', () => {
  const known = ['ENV', 'SPREAD', 'ROUTES', 'ADMIN_API_PORT', 'STORE', 'STORE_PATH', 'MAX_HOLD_TIME']

  for (const [typed, meant] of [
    ['SPRAED', 'SPREAD'], ['SPRED', 'SPREAD'], ['SPREADS', 'SPREAD'], ['spread', 'SPREAD'], ['ROUTE', 'ROUTES'],
    ['ADMINAPIPORT', 'ADMIN_API_PORT'], ['ADMIN_APIPRT', 'ADMIN_API_PORT'], ['MAX_HODL_TMIE', 'MAX_HOLD_TIME'], ['ENVS', 'ENV'],
    ['STORES', 'STORE'], ['STOREPATH', 'STORE_PATH']
  ] as const) {
    it(`takes ${typed} for ${meant}`, () => expect(nearest(typed, known)).to.equal(meant))
  }

  for (const typed of ['PORT', 'HOST', 'SERVICE_HOST', 'STORE_PORT', 'PORT_7780_TCP', 'NAME', 'THREAD', 'ID', '', 'X'.repeat(100000)]) {
    it(`takes ${JSON.stringify(typed.slice(0, 20))} for none of them`, () => expect(nearest(typed, known)).to.equal(undefined))
  }

  it('prefers the nearest', () => expect(nearest('stored', ['stores', 'store', 'story'])).to.equal('stores'))
})
