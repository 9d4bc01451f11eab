/** The `connector` command as a whole: it teaches, it understands typing errors, and it ends with the right number. */
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { version } from '../../../src/lib/version.js'
import { Workplace } from '../../support/cli.js'

const COMMANDS = ['setup', 'import', 'validate', 'start', 'health', 'send', 'channels']

describe('connector', () => {
  let place: Workplace
  before(async () => { place = await Workplace.make() })
  after(() => place.remove())

  it('shows what it can do, and how to begin', async () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      const { code, out, err } = await place.run(args)
      expect([code, err]).to.deep.equal([0, ''])
      for (const command of COMMANDS) expect(out).to.match(new RegExp(`^  ${command} +\\w`, 'm'))
      expect(out).to.contain('connector setup --yes').and.to.contain('connector start')
    }
  })

  it('shows the same without a command, as a failure', async () => {
    const { code, out } = await place.run([])
    expect(code).to.equal(1)
    expect(out).to.contain('Usage: connector <command>')
  })

  for (const command of COMMANDS) {
    it(`explains ${command} with its options, examples and exit codes`, async () => {
      const { code, out } = await place.run([command, '--help'])
      expect(code).to.equal(0)
      expect(out).to.contain(`Usage: connector ${command} `).and.to.contain('Exit codes: 0').and.to.contain('Examples:').and.to.contain('-h, --help')
      expect(out).to.contain(`  connector ${command}`)
      expect(Math.max(...out.split('\n').map(line => line.length))).to.be.at.most(150)
      expect((await place.run(['help', command])).out).to.equal(out)
    })
  }

  it('is installed under its names', () => {
    const { bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { bin: Record<string, string> }
    expect(bin).to.include({ connector: './dist/src/commands/cli/main.js', 'm2m-connector': './dist/src/commands/cli/main.js' })
  })

  it('shows its version', async () => {
    expect(await place.run(['--version'])).to.deep.equal({ code: 0, out: `${version}\n`, err: '' })
  })

  const mistakes: Array<[string[], string]> = [
    [['helth'], 'Unknown command: helth. Did you mean health? See: connector --help'],
    [['fly'], 'Unknown command: fly. See: connector --help'],
    [['send', '--desination', 'g.a'], 'Unknown option --desination. Did you mean --destination?\nUsage: connector send'],
    [['health', '-x'], 'Unknown option -x.\nUsage: connector health'],
    [['send', '--destination'], "Option '-d, --destination <value>' argument missing\nUsage: connector send"],
    [['send', 'Hello', 'world'], 'Found 2 arguments that belong to no option, expected at most 0. Put quotes around text with spaces.'],
    [['validate'], 'Which file or folder? There is no config.yaml here.\nUsage: connector validate']
  ]
  for (const [args, text] of mistakes) {
    it(`says what is wrong with "${args.join(' ')}"`, async () => {
      const { code, out, err } = await place.run(args)
      expect([code, out]).to.deep.equal([1, ''])
      expect(err).to.contain(text).and.to.not.contain('    at ')
    })
  }
})
