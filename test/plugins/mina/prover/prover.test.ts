/** The process that makes commands for Mina: what is made first, what is tried again, and when the process goes. Here without proofs. */
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import sinon from 'sinon'
import { CODE } from '../../../../plugins/mina/contract/code.js'
import { Prover, ProverError, type ProverOptions } from '../../../../plugins/mina/prover/prover.js'
import type { OpenJob, ProverJob } from '../../../../plugins/mina/prover/jobs.js'
import { SILENT_LOG } from '../../../../src/contracts/logger.js'
import { BUILT } from '../../../support/package-root.js'
import type { ZkappCommand } from '../../../support/mina/types.js'
import { newKeys, type Party } from '../../../support/mina/parties.js'
import { until } from '../../../support/waiting.js'

/** In the place of o1js: a file says what becomes of it, and is written when there is none. */
const SMALL_CIRCUIT = `
import { existsSync, readFileSync, rmSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
class OtherCodeError extends Error { name = 'OtherCodeError' }
export class CommandBuilder {
  static create () { return Promise.resolve(new CommandBuilder()) }
  async compile (cacheDir) {
    const file = cacheDir + '/circuit'
    const always = dirname(cacheDir) + '/always'
    const found = existsSync(always) ? 'always other' : existsSync(file) ? readFileSync(file, 'utf8') : 'none'
    if (found === 'always other') {
      writeFileSync(always, '')
      throw new OtherCodeError('other code')
    }
    if (found === 'corrupt') throw new Error('cannot read the circuit')
    if (found === 'other') throw new OtherCodeError('other code')
    if (found.endsWith('once')) rmSync(file)
    if (found === 'deadly once') process.kill(process.pid, 'SIGKILL')
    if (found === 'hangs once') await new Promise(() => undefined)
    mkdirSync(cacheDir, { recursive: true })
    this.circuit = found === 'none' ? 'made' : found
    writeFileSync(file, this.circuit)
  }
  build () { return Promise.resolve({ prove: () => Promise.resolve(JSON.stringify('proven with ' + this.circuit)) }) }
}
`

describe('the prover', () => {
  let folder: string
  let prover: Prover
  const payer: Party = newKeys()
  const payee: Party = newKeys()
  const channel: Party = newKeys()

  before(async () => { folder = await mkdtemp(join(tmpdir(), 'sluice-prover-')) })
  after(() => rm(folder, { recursive: true }))
  afterEach(() => { prover.stop() })

  function usual (): ProverOptions {
    return { cacheDir: folder, timeoutMs: 30_000, maxRssMb: 4_000, idleMs: 30_000, log: SILENT_LOG }
  }

  function start (options: Partial<ProverOptions> = {}): Prover {
    prover = new Prover({ ...usual(), proofs: false, ...options })
    return prover
  }

  const opening: OpenJob = {
    kind: 'open', address: channel.publicKey, payer: payer.publicKey, payee: payee.publicKey, chainId: 'mina:devnet', challengeSlots: 480,
    deposit: 5n, exists: false
  }
  /** Of a channel whose claim nobody signed. */
  const forged: ProverJob = {
    kind: 'redeem', sender: payee.publicKey, channel: { address: channel.publicKey, state: ['1', '1', '0', '0', '0', '0', '0', '0'] },
    claim: { amount: 1n, nonce: 1n, signature: { r: '1', s: '1' } }
  }

  it('makes a command without a fee, a nonce or a signature', async () => {
    const { feePayer, accountUpdates } = JSON.parse(await start().prove(opening, 1)) as ZkappCommand
    expect(feePayer.body).to.include({ publicKey: payer.publicKey, fee: '0', nonce: '0' })
    const touched = [payer, channel, payer, channel].map(({ publicKey }) => publicKey)
    expect(accountUpdates.map(({ body }) => body.publicKey)).to.deep.equal(touched)
    expect(accountUpdates.filter(({ authorization }) => typeof authorization.signature === 'string')).to.deep.equal([])
  })

  it('says what the contract forbids, without trying again, and goes on with the same process', async () => {
    start()
    await prover.prove(opening, 1)
    const pid = await pidOf(prover)
    const error = await prover.prove(forged, 1).then(() => undefined, (thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(ProverError).with.property('isFinal', true)
    expect(String(error)).to.contain('The contract of Mina channels does not allow this redeem')
    await prover.prove(opening, 1)
    expect(await pidOf(prover)).to.equal(pid)
  })

  it('makes what is more urgent first, and what came first among equals', async () => {
    start()
    const order: string[] = []
    const prove = (name: string, priority: number): Promise<number> => prover.prove(opening, priority).then(() => order.push(name))
    await Promise.all([prove('first', 5), prove('later', 3), prove('standby', 9), prove('answer', 0), prove('later too', 3)])
    expect(order).to.deep.equal(['first', 'answer', 'later', 'later too', 'standby'])
  })

  it('gives up a running job for one that preempts it, and does it afterwards', async () => {
    start()
    const order: string[] = []
    const slow = prover.prove(opening, 9).then(() => order.push('standby'))
    await until(() => prover.status().job !== undefined)
    await Promise.all([slow, prover.prove(opening, 0, true).then(() => order.push('answer'))])
    expect(order).to.deep.equal(['answer', 'standby'])
  })

  it('tries again when its process is killed', async () => {
    start()
    const proving = prover.prove(opening, 1)
    await until(() => prover.pid !== undefined)
    process.kill(prover.pid ?? 0, 'SIGKILL')
    expect(JSON.parse(await proving)).to.have.property('accountUpdates')
  })

  it('gives up after three tries, and says what happened', async () => {
    start()
    const failing = prover.prove(opening, 1).then(() => undefined, (error: unknown) => error)
    const killed = new Set<number>()
    const timer = setInterval(() => {
      const { pid } = prover
      if (pid === undefined || killed.has(pid)) return
      killed.add(pid)
      process.kill(pid, 'SIGKILL')
    }, 5)
    const error = await failing
    clearInterval(timer)
    expect(String(error)).to.equal('ProverError: Cannot make the command to open after 3 tries: The process that proves was ended by SIGKILL')
    expect(error).to.have.property('isFinal', false)
    expect(killed.size).to.equal(3)
    expect(prover.status()).to.include({ queued: 0, problem: 'The process that proves was ended by SIGKILL' })
  })

  it('ends a process that is too big, and one that has nothing to do', async () => {
    start({ maxRssMb: 1 })
    await prover.prove(opening, 1)
    expect(prover.status().state).to.equal('stopped')
    prover.stop()
    start({ idleMs: 1 })
    await prover.prove(opening, 1)
    await until(() => prover.status().state === 'stopped')
    expect(prover.pid).to.equal(undefined)
  })

  it('takes an answer that does not come for a failure', async () => {
    start({ timeoutMs: 1 })
    const error = await prover.prove(opening, 1).then(() => undefined, (thrown: unknown) => thrown)
    expect(String(error)).to.match(/after 3 tries: no answer after 1 ms/)
  })

  it('gives its process nothing of the environment but paths', async () => {
    start()
    await prover.prove(opening, 1)
    const names = readFileSync(`/proc/${String(prover.pid)}/environ`, 'utf8').split('\0').map(line => line.split('=')[0] ?? '')
    expect(names.filter(name => !/^(PATH|HOME|TMPDIR|NODE_CHANNEL_.*|)$/.test(name))).to.deep.equal([])
  })

  /** The prover in a place without o1js. */
  async function elsewhere (place: string): Promise<typeof Prover> {
    for (const part of ['plugins/mina', 'plugins/lib', 'src/lib', 'src/contracts']) {
      await cp(join(BUILT, part), join(place, 'dist', part), { recursive: true })
    }
    await writeFile(join(place, 'package.json'), '{"type":"module"}')
    return (await import(pathToFileURL(join(place, 'dist/plugins/mina/prover/prover.js')).href) as { Prover: typeof Prover }).Prover
  }

  describe('whose circuits are a file', () => {
    let place: string
    let Elsewhere: typeof Prover
    let cache: string

    before(async () => {
      place = await mkdtemp(join(tmpdir(), 'sluice-circuits-'))
      Elsewhere = await elsewhere(place)
      await writeFile(join(place, 'dist/plugins/mina/prover/commands.js'), SMALL_CIRCUIT)
    })
    after(() => rm(place, { recursive: true }))
    beforeEach(async () => {
      await rm(join(place, 'cache'), { recursive: true, force: true })
      cache = join(place, 'cache', `o1js-${CODE.o1js}-${CODE.hash.slice(0, 16)}`)
      await mkdir(cache, { recursive: true })
    })
    afterEach(() => { sinon.restore() })

    const proves = async (compiled: string): Promise<string> => {
      await writeFile(join(cache, 'circuit'), compiled)
      prover = new Elsewhere({ ...usual(), cacheDir: join(place, 'cache') })
      return await prover.prove(forged, 1).catch(String)
    }
    const isAlive = (pid: number): boolean => {
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    }

    it('uses what is compiled already', async () => {
      expect(await proves('good')).to.equal('"proven with good"')
    })

    for (const [what, compiled] of [['is corrupt', 'corrupt'], ['is of other code', 'other'], ['kills the process', 'deadly once']] as const) {
      it(`makes them anew where the file ${what}`, async () => {
        expect(await proves(compiled)).to.equal('"proven with made"')
        expect(prover.status()).to.include({ state: 'idle', queued: 0 }).and.not.have.property('problem')
      })
    }

    it('proves nothing where they come out as other code, however often they are made', async () => {
      expect(await proves('always other')).to.match(/^ProverError: other code/)
      expect(prover.status().state).to.equal('unusable')
      expect(prover.pid).to.equal(undefined)
    })

    it('kills a process that hangs while it makes them, which leaves nothing behind, and starts another', async () => {
      const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const proving = proves('hangs once')
      const state = { isDone: false }
      let hanging: number | undefined
      proving.finally(() => { state.isDone = true }).catch(() => undefined)
      while (!state.isDone) {
        const { state: does } = prover.status()
        if (does === 'compiling' && !existsSync(join(cache, 'circuit'))) hanging ??= prover.pid
        if (does === 'waiting' || (hanging !== undefined && prover.pid === hanging)) clock.tick(10_000)
        await new Promise(resolve => { setImmediate(resolve) })
      }
      clock.restore()
      expect(await proving).to.equal('"proven with made"')
      expect(prover.pid).to.not.equal(hanging)
      await until(() => hanging !== undefined && !isAlive(hanging))
    })
  })

  it('says what to install where o1js is not', async () => {
    prover = new (await elsewhere(folder))(usual())
    const error = await prover.prove(opening, 1).then(() => undefined, (thrown: unknown) => thrown)
    expect(error).to.have.property('isFinal', true)
    expect(String(error)).to.equal('ProverError: Opening, redeeming and closing channels on Mina needs a package that is not installed: npm install o1js')
    expect(prover.status().state).to.equal('unusable')
  })

  it('rejects all that waits when it is stopped, and what comes after', async () => {
    start()
    const waiting = [1, 2].map(priority => prover.prove(opening, priority).then(() => undefined, String))
    await until(() => prover.pid !== undefined)
    prover.stop()
    const stopped = 'ProverError: The prover is stopped.'
    expect(await Promise.all([...waiting, prover.prove(opening, 1).catch(String)])).to.deep.equal([stopped, stopped, stopped])
  })

  async function pidOf (of: Prover): Promise<number | undefined> {
    await until(() => of.pid !== undefined)
    return of.pid
  }
})
