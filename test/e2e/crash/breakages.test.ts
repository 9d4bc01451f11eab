/**
 * The deliberate breakages of `npm run test:mutants` are texts of the built code. That takes half an hour, this a moment: code that moves
 * away under one of them is seen here.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const BUILD = fileURLToPath(new URL('../..', import.meta.url))

describe('the deliberate breakages', () => {
  it('fit the code as it is now', () => {
    const printed = execFileSync(process.execPath, ['scripts/mutants.mjs', '--fit'], { env: { ...process.env, SLUICE_DIST: BUILD }, encoding: 'utf8' })
    expect(printed).to.match(/^all \d+ breakages fit\n$/)
  })
})
