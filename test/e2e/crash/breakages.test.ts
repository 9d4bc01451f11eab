/**
 * The deliberate breakages of `npm run test:mutants` are texts of the built code. That takes half an hour, this a moment: code that moves
 * away under one of them is seen here.
 */
import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import { BUILT } from '../../support/package-root.js'

describe('the deliberate breakages', () => {
  it('fit the code as it is now', () => {
    const printed = execFileSync(process.execPath, ['scripts/mutants.mjs', '--fit'], { env: { ...process.env, SLUICE_DIST: BUILT }, encoding: 'utf8' })
    expect(printed).to.match(/^all \d+ breakages fit\n$/)
  })
})
