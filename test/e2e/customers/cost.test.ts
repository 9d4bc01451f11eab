/** One more costs the same among few and among many: work is counted, not timed. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'

const SCRIPT = fileURLToPath(new URL('../../support/customers/count-work.js', import.meta.url))
const [FEW, MANY] = [20, 200]
/** Retries and timers make it differ a little from run to run. One walk over all, twice over, would be more. */
const TOLERANCE = 1.15

async function workAmong (kind: string, count: number): Promise<Record<string, number>> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, kind, String(count)], { maxBuffer: 2 ** 26 })
  return JSON.parse(/^work (.*)$/m.exec(stdout)?.[1] ?? '{}') as Record<string, number>
}

describe('one customer more', function () {
  this.timeout(120_000)

  for (const [kind, what] of [
    ['children', 'an account of a connector, from its start to its end'], ['guests', 'a stranger at a node'], ['peers', 'a peer that is registered with a node']
  ] as const) {
    it(`costs the same among many as among few: ${what}`, async () => {
      const [few, many] = [await workAmong(kind, FEW), await workAmong(kind, MANY)]
      expect(many).to.have.all.keys(Object.keys(few)).and.not.deep.equal({})
      for (const [happening, work] of Object.entries(many)) {
        expect(work, `${happening}: ${JSON.stringify({ few, many })}`).to.be.lessThan((few[happening] ?? NaN) * TOLERANCE)
      }
    })
  }
})
