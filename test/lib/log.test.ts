/** The log writes what its level lets through, as text or as JSON, whichever shape a call has. */
import { expect } from 'chai'
import { createLogger as createNodeLogger } from '../../src/index.js'
import { createLogger, logFormatFault, pluginLog, setLogLevel } from '../../src/lib/log.js'
import { TestLogger } from '../support/node.js'

type Log = ReturnType<typeof createNodeLogger>

describe('the log', () => {
  const format = process.env.LOG_FORMAT
  afterEach(() => {
    setLogLevel()
    if (format === undefined) delete process.env.LOG_FORMAT
    else process.env.LOG_FORMAT = format
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

  it('of the connector has the level of the process', () => {
    const linesAt = (level?: 'error' | 'warn' | 'info' | 'debug'): number => {
      setLogLevel(level)
      return written(() => { all(createLogger('part')) }).length
    }
    expect([linesAt('error'), linesAt('warn'), linesAt('info'), linesAt('debug'), linesAt()]).to.deep.equal([1, 2, 3, 4, 3])
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
    expect(logFormatFault({ LOG_FORMAT: 'JSON' })).to.equal('must be one of text, json, found "JSON". Set it to one of them or unset it.')
  })
})
