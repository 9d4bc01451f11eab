/** How the steps of a pipeline work together: in order, around each other, each once, whatever one of them does. */
import { expect } from 'chai'
import { compose } from '../../src/pipeline/compose.js'
import type { Method } from '../../src/contracts/middleware.js'
import { rejecting, rejection, throwing } from '../support/failures.js'

type Step = Method<string, string>

/** Puts its name around what comes in and what goes back. */
const around = (name: string): Step => async (value, next) => `${name}>${await next(`${value}<${name}`)}`

const echo = (value: string): Promise<string> => Promise.resolve(`[${value}]`)

describe('a composed pipeline', () => {
  it('runs its steps in order, each around the rest', async () => {
    expect(await compose([around('a'), around('b'), around('c')], echo)('x')).to.equal('a>b>c>[x<a<b<c]')
  })

  it('is its end where there are no steps', async () => {
    expect(await compose([], echo)('x')).to.equal('[x]')
  })

  it('hands its context to every step, whatever becomes of the value', async () => {
    const seen: unknown[] = []
    const noting: Step = (value, next, context) => {
      seen.push(context)
      return next(`${value}+`)
    }
    const run = compose<string, string>([noting, noting], (value, _, context) => {
      seen.push(context)
      return echo(value)
    })
    expect(await run('x', { origin: 'alice' })).to.equal('[x++]')
    expect(await run('x')).to.equal('[x++]')
    expect(seen).to.deep.equal([...Array<unknown>(3).fill({ origin: 'alice' }), ...Array<unknown>(3).fill(undefined)])
  })

  it('has nothing behind its end', async () => {
    const run = compose<string, string>([], (value, next) => next(value))
    expect(String(await rejection(run('x')))).to.include('there is no next step')
  })

  it('ends where a step does not go on', async () => {
    let ended = 0
    const run = compose<string, string>([around('a'), () => Promise.resolve('short'), around('c')], value => {
      ended++
      return echo(value)
    })
    expect(await run('x')).to.equal('a>short')
    expect(ended).to.equal(0)
  })

  it('can be run many times at once', async () => {
    const run = compose([around('a'), around('b')], echo)
    expect(await Promise.all(['x', 'y', 'z'].map(value => run(value)))).to.deep.equal(['a>b>[x<a<b]', 'a>b>[y<a<b]', 'a>b>[z<a<b]'])
  })

  it('begins at once: nothing else happens before the first step that waits', () => {
    const trace: string[] = []
    const noting = (name: string): Step => (value, next) => {
      trace.push(name)
      return next(value)
    }
    void compose([noting('a'), noting('b')], value => {
      trace.push('end')
      return echo(value)
    })('x')
    expect(trace).to.deep.equal(['a', 'b', 'end'])
  })

  for (const [what, step] of [
    ['after the answer', async (value, next) => {
      await next(value)
      return next(value)
    }],
    ['at once', async (value, next) => (await Promise.all([next(value), next(value)])).join('')]
  ] as Array<[string, Step]>) {
    it(`goes on once: a step that calls next twice ${what} is refused`, async () => {
      let ended = 0
      const run = compose<string, string>([around('a'), step, around('c')], value => {
        ended++
        return echo(value)
      })
      expect(await rejection(run('x'))).to.be.an.instanceof(Error).with.property('message', 'next() called multiple times.')
      expect(ended).to.equal(1)
      await rejection(run('y'))
      expect(ended, 'each run counts for itself').to.equal(2)
    })
  }

  for (const thrown of [new Error('own'), undefined, 'text', Object.create(null) as object]) {
    const shown = Object.prototype.toString.call(thrown)
    it(`rejects with what a step throws, unchanged: ${shown}`, async () => {
      const fail = throwing(thrown)
      for (const run of [
        compose<string, string>([around('a'), fail, around('c')], echo),
        compose<string, string>([around('a')], fail),
        compose<string, string>([], fail),
        compose<string, string>([around('a')], rejecting(thrown))
      ]) {
        const answer = run('x')
        expect(answer).to.be.an.instanceof(Promise)
        expect(await rejection(answer)).to.equal(thrown)
      }
    })
  }

  it('lets a step answer for what failed behind it', async () => {
    const rescuing: Step = (value, next) => next(value).catch((error: unknown) => `saved ${(error as Error).message}`)
    expect(await compose<string, string>([rescuing, () => { throw new Error('x') }], echo)('x')).to.equal('saved x')
  })

  it('resolves to what a step answers without a promise', async () => {
    for (const answer of ['text', undefined, null, 7]) {
      const step = (() => answer) as unknown as Step
      expect(await compose([step], echo)('x')).to.equal(answer)
      expect(await compose([around('a')], step as (value: string) => Promise<string>)('x')).to.equal(`a>${String(answer)}`)
    }
  })

  it('takes a promise of another library', async () => {
    const thenable = { then: (resolve: (value: string) => void) => { resolve('late') } }
    const step = (() => thenable) as unknown as Step
    const answer = compose([step], echo)('x')
    expect(answer).to.be.an.instanceof(Promise)
    expect(await answer).to.equal('late')
  })

  it('carries undefined where there is nothing to carry', async () => {
    const seen: unknown[] = []
    const run = compose<undefined, undefined>([(value, next) => {
      seen.push(value)
      return next(undefined)
    }], value => {
      seen.push(value)
      return Promise.resolve(undefined)
    })
    await run(undefined)
    expect(seen).to.deep.equal([undefined, undefined])
  })
})
