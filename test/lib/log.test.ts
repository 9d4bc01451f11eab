/** The log writes what its level lets through, as text or as JSON, whichever shape a call has. */
import { expect } from 'chai'
import { createLogger as createNodeLogger } from '../../src/index.js'
import { createLogger, logFormat, logFormatFault, loggerFault, oneLine, pluginLog, withLevel } from '../../src/lib/log.js'
import { TestLogger } from '../support/node.js'

type Log = ReturnType<typeof createNodeLogger>

describe('the log', () => {
  const before = { ...process.env }
  afterEach(() => { // a new object in its place would no longer be the environment
    for (const name of Object.keys(process.env)) if (!(name in before)) Reflect.deleteProperty(process.env, name)
    Object.assign(process.env, before)
  })

  function written (write: () => void): string[] {
    const lines: string[] = []
    const original = process.stdout.write.bind(process.stdout)
    process.stdout.write = (line: string) => lines.push(line) > 0
    try {
      write()
    } finally {
      process.stdout.write = original
    }
    return lines
  }

  const all = (log: Log): void => {
    log.error('e %d', 1)
    log.warn({ port: 3000, amount: 5n }, 'w')
    log.info('i')
    log.debug('d')
    log.trace('t')
  }

  it('of an application has a level of its own, and takes both shapes', () => {
    const linesOf = (level: string | undefined): string[] => written(() => { all(createNodeLogger('agent', level)) })
    expect(linesOf('error')).to.have.lengthOf(1)
    expect(linesOf('loud')).to.have.lengthOf(3)
    const lines = linesOf('debug')
    expect(lines).to.have.lengthOf(5)
    expect(lines[0]).to.match(/^\d{4}-.*Z connector:agent error e 1\n$/)
    expect(lines[1]).to.include('connector:agent warn w port=3000 amount="5"')
    expect([createNodeLogger('a', 'debug').debugEnabled, createNodeLogger('a', 'info').debugEnabled]).to.deep.equal([true, false])
  })

  it('has the level of the environment, unless it has its own', () => {
    const linesAt = (LOG_LEVEL: string, own?: 'debug', CONNECTOR_LOG_LEVEL = ''): number => {
      Object.assign(process.env, { LOG_LEVEL, CONNECTOR_LOG_LEVEL })
      return written(() => { all(createLogger('part', { level: own })) }).length
    }
    expect(['error', 'warn', 'info', 'debug', '', 'loud'].map(level => linesAt(level))).to.deep.equal([1, 2, 3, 5, 3, 3])
    expect([linesAt('error', 'debug'), linesAt('error', undefined, 'warn')]).to.deep.equal([5, 2])
  })

  it('is one line for each call, whatever is in it', () => {
    const log = createLogger('part')
    const { stack = '' } = new Error('broken')
    for (const text of [stack, 'a\r\nb', 'a\u2028 b', '\u001b[31mred\0']) {
      const [line = '', ...more] = written(() => { log.error('failed. error=%s', text) })
      expect([line.slice(0, -1).match(/[\p{Cc}\u2028\u2029]/u), line.at(-1), more]).to.deep.equal([null, '\n', []])
    }
    expect(oneLine('Error: x\n    at a (b:1)\n    at c\n')).to.equal('Error: x | at a (b:1) | at c | ')
    expect(written(() => { log.error('failed. error=%s', stack) })[0]).to.match(/ error=Error: broken \| at /)
  })

  it('goes to the logger that a program hands in, in the shape of pino, without secrets', () => {
    const pino = new TestLogger()
    const log = createLogger('plugin', { to: pino, options: { secret: 'open sesame' } })
    expect(written(() => { log.warn('refused. accountId=%s error=%s', 'bob', 'open sesame') })).to.deep.equal([])
    expect(pino.lines).to.deep.equal([
      { level: 'warn', message: 'refused.', fields: { logger: 'connector:plugin', event: 'refused', accountId: 'bob', error: '[redacted]' } }
    ])
  })

  it('asks that logger for debug, as pino can say', () => {
    const linesOf = (given: object, level?: 'debug' | 'error'): string[] => {
      const pino = Object.assign(new TestLogger(), given)
      process.env.LOG_LEVEL = 'error' // of this process, not of that logger
      all(createLogger('part', { to: pino, level }))
      return pino.lines.map(line => line.level)
    }
    expect(linesOf({})).to.deep.equal(['error', 'warn', 'info'])
    expect(linesOf({ isLevelEnabled: () => false })).to.deep.equal(['error', 'warn', 'info'])
    expect(linesOf({ isLevelEnabled: (level: string) => level === 'debug' })).to.deep.equal(['error', 'warn', 'info', 'debug', 'debug'])
    expect(linesOf({}, 'debug')).to.deep.equal(['error', 'warn', 'info', 'debug', 'debug'])
    expect(linesOf({}, 'error')).to.deep.equal(['error'])
  })

  it('follows a log of ours that is handed in: its level, and where it writes', () => {
    const linesOf = (own: 'error' | undefined, level: 'debug' | undefined): number =>
      written(() => { all(createLogger('part', { to: createLogger('app', { level: own }), level })) }).length
    expect([linesOf('error', undefined), linesOf('error', 'debug'), linesOf(undefined, 'debug'), linesOf(undefined, undefined)]).to.deep.equal([1, 1, 5, 3])
    const pino = new TestLogger()
    createLogger('part', { to: createLogger('app', { to: pino }) }).info('there')
    expect(pino.lines).to.have.length(1)
    expect(written(() => { all(withLevel(createNodeLogger('agent'), 'error') as Log) })).to.have.length(1)
    expect(written(() => { all(withLevel(createNodeLogger('agent', 'info'), 'error') as Log) })).to.have.length(3)
  })

  it('says what is no logger', () => {
    expect(loggerFault(console)).to.equal(undefined)
    expect(loggerFault({ info () { /* nothing else */ } })).to.match(/^has no method debug, warn, error: hand in pino/)
    expect([loggerFault('pino'), loggerFault(null)]).to.not.include(undefined)
  })

  it('is one JSON object a line with LOG_FORMAT=json', () => {
    process.env.LOG_FORMAT = 'json'
    const lines = written(() => { all(createNodeLogger('agent', 'debug')) }).map(line => JSON.parse(line) as { time: string })
    for (const { time } of lines) expect(new Date(time).toISOString()).to.equal(time)
    expect(lines.map(line => ({ ...line, time: '' }))).to.deep.equal([
      { time: '', level: 'error', logger: 'connector:agent', event: 'e', msg: 'e 1', fields: {} },
      { time: '', level: 'warn', logger: 'connector:agent', event: 'w', msg: 'w', fields: { port: 3000, amount: '5' } },
      { time: '', level: 'info', logger: 'connector:agent', event: 'i', msg: 'i', fields: {} },
      { time: '', level: 'debug', logger: 'connector:agent', event: 'd', msg: 'd', fields: {} },
      { time: '', level: 'debug', logger: 'connector:agent:trace', event: 't', msg: 't', fields: {} }
    ])
  })

  it('hides what is secret in the options of its module, in both formats', () => {
    const log = createLogger('plugin', { options: { keys: { privateKey: 'open sesame' }, name: 'bob' } })
    for (const LOG_FORMAT of ['text', 'json']) {
      process.env.LOG_FORMAT = LOG_FORMAT
      expect(written(() => { log.warn('bob says open sesame. to=%s', 'open sesame') }).join()).to.include('bob says [redacted]').and.not.include('sesame')
    }
  })

  it('lets a plugin overwrite its methods', () => {
    const log = createLogger('plugin')
    const heard: string[] = []
    log.trace = message => { heard.push(message) }
    log.trace('mine')
    expect(heard).to.deep.equal(['mine'])
  })

  it('of an application takes the lines of plugins, ours and pino', () => {
    const pino = new TestLogger()
    pluginLog(pino).warn('no route. prefix=%s', 'g.a')
    expect(pino.lines).to.deep.equal([{ level: 'warn', message: 'no route. prefix=g.a', fields: {} }])
    process.env.LOG_FORMAT = 'json'
    const [line = ''] = written(() => { pluginLog(createNodeLogger('agent', 'info')).warn('no route. prefix=%s', 'g.a') })
    expect(JSON.parse(line)).to.deep.include({ event: 'no_route', fields: { prefix: 'g.a' } })
  })

  it('has two formats, and says so', () => {
    for (const LOG_FORMAT of ['json', 'text', '', undefined]) expect(logFormatFault({ LOG_FORMAT })).to.equal(undefined)
    const message = 'must be one of text, json, found "JSON". Set it to one of them or unset it.'
    expect(logFormatFault({ LOG_FORMAT: 'JSON' })).to.deep.equal({ source: 'LOG_FORMAT', message })
    expect(logFormatFault({ CONNECTOR_LOG_FORMAT: 'JSON', LOG_FORMAT: 'json' })).to.deep.equal({ source: 'CONNECTOR_LOG_FORMAT', message })
    expect(logFormat({ CONNECTOR_LOG_FORMAT: 'text', LOG_FORMAT: 'json' })).to.equal('text')
  })
})
