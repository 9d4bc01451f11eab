/**
 * `connector wallet`: what it makes opens with the password and nothing else, nothing is overwritten, and no secret is shown but once on a
 * terminal.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { MAIN, Workplace, type Result } from '../../support/cli.js'

const PHRASE = `${'abandon '.repeat(11)}about`
const PASSWORD = 'Correct-Horse-Battery-7'
const ADDRESSES = {
  evm: '0x78839F6054d7ed13918bAe0473BA31b1Ca9D7265', solana: 'HAgk14JpMQLgt6rVgv7cBQFJWFto5Dqxi472uT3DKpqk', xrp: 'rNAB7uPziNwZAkdzyeo6xRA9pKTsJxZ6td',
  mina: 'B62qpqCoBci3mKNrfCnLkKS2SSV9QyrPbPBABe4stVWnRRfkG8sn3t4',
  aptos: '0xeb663b681209e7087d681c5d3eed12aaa8e1915e7c87794542c3f96e94b3d3bf'
}
const env = { WALLET_PASSWORD: PASSWORD }

describe('connector wallet', function () {
  this.timeout(60_000)
  let place: Workplace
  beforeEach(async () => { place = await Workplace.make() })
  afterEach(() => place.remove())
  const text = (name: string): Promise<string> => readFile(join(place.path, name), 'utf8')
  const imported = (): Promise<Result> => place.run(['wallet', 'import'], { env, input: PHRASE })

  it('imports words from standard input, and shows the addresses of each chain, and no secret', async () => {
    const { code, out, err } = await imported()
    expect([code, err]).to.deep.equal([0, ''])
    for (const address of Object.values(ADDRESSES)) expect(out).to.contain(address)
    expect((await stat(join(place.path, 'wallet.json'))).mode & 0o777).to.equal(0o600)
    const shown = await place.run(['wallet', 'show', '--json', '--count', '2'], { env })
    const json = JSON.parse(shown.out) as Record<keyof typeof ADDRESSES, Array<{ index: number, path: string, address: string }>>
    expect(Object.fromEntries(Object.entries(json).map(([type, [first]]) => [type, first?.address]))).to.deep.equal(ADDRESSES)
    expect(json.evm.map(({ index, path }) => [index, path])).to.deep.equal([[0, "m/44'/60'/1'/0/0"], [1, "m/44'/60'/1'/0/1"]])
    for (const secret of [/abandon|about/, new RegExp(PASSWORD), /5eb00bbd/, /mnemonic|private/i]) {
      expect(out + shown.out + shown.err + await text('wallet.json')).to.not.match(secret)
    }
  })

  it('backs the wallet up, and brings it back byte for byte', async () => {
    await imported()
    const before = await text('wallet.json')
    expect((await place.run(['wallet', 'backup', '-o', 'b.json'], { env })).code).to.equal(0)
    expect((await stat(join(place.path, 'b.json'))).mode & 0o777).to.equal(0o600)
    expect((await place.run(['wallet', 'backup', '-o', 'b.json'], { env })).err).to.contain('exists already')
    expect((await place.run(['wallet', 'restore', 'b.json'], { env })).err).to.contain('wallet.json exists already')
    expect((await place.run(['wallet', 'restore', 'b.json', '--file', 'again.json'], { env })).code).to.equal(0)
    expect([await text('wallet.json'), await text('again.json')]).to.deep.equal([before, before])
  })

  it('reads the password from .env or a file, and says when it is wrong', async () => {
    await place.write('.env', `WALLET_PASSWORD_FILE=password\nWALLET_FILE=mine.json\n`)
    await place.write('password', `${PASSWORD}\n`)
    expect((await place.run(['wallet', 'import'], { input: PHRASE })).code).to.equal(0)
    expect((await place.run(['wallet', 'show'])).out).to.contain(ADDRESSES.evm)
    await place.write('password', 'Correct-Horse-Battery-8')
    const { code, out, err } = await place.run(['wallet', 'show'])
    expect([code, out, err]).to.deep.equal([1, '', 'Cannot open the wallet mine.json: the password is wrong, or the file was changed.\n'])
  })

  it('leaves everything as it is when it cannot do what it is asked for, and repeats no secret', async () => {
    await place.write('.env', '')
    const before = await readdir(place.path)
    const phrase = `${'abandon '.repeat(11)}abandon`
    const faults: Array<[args: string[], run: { env?: Record<string, string>, input?: string }, words: RegExp]> = [
      [[], {}, /Say what to do: create, import, show, backup, restore/],
      [['abandon'], {}, /Say what to do/],
      [['import', phrase], { env }, /never arguments/],
      [['import'], { env, input: phrase }, /These words are not a wallet: the checksum/],
      [['import'], { env, input: 'x'.repeat(5000) }, /more than 4096 characters/],
      [['import'], { input: PHRASE }, /no terminal to ask for the password\. Set WALLET_PASSWORD/],
      [['import'], { env: { WALLET_PASSWORD: 'Short-7' }, input: PHRASE }, /It needs at least 16 characters \(it has 7\)\./],
      [['create'], { env: { WALLET_PASSWORD: 'Short-7' } }, /It needs at least 16/],
      [['show'], { env }, /There is no wallet at wallet\.json\. Make one/],
      [['backup'], { env }, /There is no wallet at wallet\.json/],
      [['restore'], { env }, /Which backup\?/],
      [['restore', '.env'], { env }, /not a backup of a wallet/]
    ]
    for (const [args, run, words] of faults) {
      const { code, out, err } = await place.run(['wallet', ...args], run)
      expect([code, out], args.join(' ')).to.deep.equal([1, ''])
      expect(err, args.join(' ')).to.match(words).and.to.not.match(/abandon|Battery|Short-7/)
    }
    expect(await readdir(place.path)).to.deep.equal(before)
  })

  it('makes a wallet without a terminal, whose words are shown to nobody, and whose backup brings it back', async () => {
    const { code, out } = await place.run(['wallet', 'create', '--file', 'new.json'], { env })
    expect(code).to.equal(0)
    expect(out).to.contain('shown on a terminal only').and.contain('Wrote new.json').and.not.match(/^ +1 [a-z]/m)
    const addresses = (await place.run(['wallet', 'show', '--json', '--file', 'new.json'], { env })).out
    const backup = await place.run(['wallet', 'backup', '--file', 'new.json'], { env })
    await place.write('printed.json', backup.out)
    expect((await place.run(['wallet', 'restore', 'printed.json', '--file', 'again.json'], { env })).code).to.equal(0)
    expect((await place.run(['wallet', 'show', '--json', '--file', 'again.json'], { env })).out).to.equal(addresses)
  })

  it('does not make a second wallet in the place of one with money on it', async () => {
    await place.write('wallet.json', 'money')
    for (const what of ['import', 'restore']) {
      expect((await place.run(['wallet', what, ...what === 'restore' ? ['x'] : []], { env, input: PHRASE })).err, what).to.contain('exists already, and nothing was changed')
    }
    expect(await text('wallet.json')).to.equal('money')
  })

  describe('on a terminal', () => {
    before(function () {
      if (process.platform !== 'linux' || spawnSync('script', ['--version']).status !== 0) this.skip() // there is no other way to have a terminal here
    })

    /** Types when it is asked, and gives back what the screen shows. */
    async function typed (args: string, answers: Array<[asked: RegExp, typed: string]>): Promise<{ code: number | null, screen: string }> {
      const command = `'${process.execPath}' '${MAIN}' wallet ${args}`
      const child = spawn('script', ['-qefc', command, '/dev/null'], { cwd: place.path, env: { PATH: process.env.PATH } })
      let screen = ''
      let seen = 0
      const left = [...answers]
      child.stdout.on('data', (text: Buffer) => {
        screen += text.toString()
        const match = left[0]?.[0].exec(screen.slice(seen))
        if (match === null || match === undefined) return
        seen += match.index + match[0].length
        child.stdin.write(left.shift()?.[1] ?? '')
      })
      const [code] = await once(child, 'close') as [number | null]
      return { code, screen }
    }

    it('shows the words of a new wallet once, and they bring the same keys back', async () => {
      const { code, screen } = await typed('create --words 12', [
        [/New password.*: /, 'short\r'], [/New password.*: /, `Correct-Horse-Battery-8\u007f7\r`], [/again: /, `x\u0015${PASSWORD}\r`]
      ])
      expect(code, screen).to.equal(0)
      expect(screen).to.contain('It needs at least 16 characters (it has 5)').and.to.not.contain('Battery')
      const words = Array.from(screen.matchAll(/(?:^|\s)(\d{1,2}) ([a-z]{3,8})\b/g)).filter(([, number]) => Number(number) <= 12).map(([, , word]) => word)
      expect(words).to.have.lengthOf(12)
      expect((await place.run(['wallet', 'import', '-f', 'again.json'], { env, input: words.join(' ') })).code).to.equal(0)
      const [one, other] = await Promise.all(['wallet.json', 'again.json'].map(file => place.run(['wallet', 'show', '--json', '-f', file], { env })))
      expect(one?.out).to.equal(other?.out).and.to.match(/0x/)
    })

    it('asks for words without showing them, and stops at Ctrl-C with nothing written', async () => {
      const { code, screen } = await typed('import', [[/The words.*: /, `${PHRASE}\r`], [/New password.*: /, 'Corr\u0003']])
      expect(code).to.equal(1)
      expect(screen).to.contain('Stopped. Nothing was changed.').and.to.not.match(/about|Corr/)
      expect(await readdir(place.path)).to.deep.equal([])
    })
  })
})
