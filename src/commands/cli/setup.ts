/** `connector setup`: writes a first configuration, after asking some questions, or without asking. */
import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { ConfigLoader } from '../../config/node/config-loader.js'
import { LOG_LEVELS, type LogLevel } from '../../contracts/logger.js'
import { writePrivately } from '../../lib/private-file.js'
import type { ConnectorConfig } from '../../contracts/node.js'
import type { Command } from './command.js'
import { usageError } from './command.js'
import { urlOf } from './http.js'
import { CliError, complain, EXIT, print, printJson } from './output.js'
import { Questions } from './questions.js'

interface Setting {
  question: string
  fallback: string
  /** What is wrong with an answer. */
  fault: (answer: string) => string | undefined
}

const unless = (isRight: (answer: string) => boolean, expected: string) => (answer: string): string | undefined =>
  isRight(answer) ? undefined : `expected ${expected}, found ${JSON.stringify(answer)}`
const port = unless(answer => /^\d{1,5}$/.test(answer) && Number(answer) > 0 && Number(answer) < 65_536, 'a port from 1 to 65535')
const isUrl = (answer: string): boolean => answer === '' || /^https?:$/.test(urlOf(answer)?.protocol ?? '')

const name = unless(answer => /^[A-Za-z0-9_-]+$/.test(answer), 'letters, digits, - and _')
const levelOf = (answer: string): LogLevel | undefined => LOG_LEVELS.find(level => level === answer)

/** By their names for --set, in the order of the questions. */
function settings (): Record<string, Setting> {
  return {
    nodeId: { question: 'Name of this node, and of its address g.<name>', fallback: `connector-${randomBytes(4).toString('hex')}`, fault: name },
    btpPort: { question: 'Port for peers (BTP)', fallback: '4000', fault: port },
    healthCheckPort: { question: 'Port for health checks', fallback: '8080', fault: port },
    adminPort: { question: 'Port of the admin API', fallback: '8081', fault: port },
    handlerUrl: { question: 'URL of your business logic server (empty: none yet)', fallback: '', fault: unless(isUrl, 'an http:// or https:// URL') },
    logLevel: { question: 'Log level: debug, info, warn or error', fallback: 'info', fault: unless(answer => levelOf(answer) !== undefined, LOG_LEVELS.join(', ')) }
  }
}

export const setup: Command = {
  name: 'setup',
  summary: 'Writes a first configuration: config.yaml, and .env for secrets',
  usage: '[--yes] [--set <name>=<value>]... [--config <file>] [--output <file>] [--force] [--json]',
  description: `Asks a few questions; Enter accepts the answer in brackets. With --yes it asks nothing and uses the defaults, except for values given with
--set: ${Object.keys(settings()).join(', ')}. It generates a key for the admin API
and puts it into .env, which only you can read.
Exit codes: 0 written, 1 not written (nothing was changed).`,
  options: {
    yes: { type: 'boolean', short: 'y', help: 'Ask nothing' },
    set: { type: 'string', value: '<name>=<value>', multiple: true, help: 'Answer a question in advance; may be repeated' },
    config: { type: 'string', short: 'c', value: '<file>', help: 'Where to write the configuration (default config.yaml)' },
    output: { type: 'string', short: 'o', value: '<file>', help: 'Where to write the secrets (default .env)' },
    force: { type: 'boolean', help: 'Overwrite existing files' },
    json: { type: 'boolean', help: 'Print what was written as JSON (with --yes)' }
  },
  maxPositionals: 0,
  examples: ['connector setup', 'connector setup --yes --set nodeId=alice --set btpPort=4001'],

  async run (args) {
    const config = args.text('config') ?? 'config.yaml'
    const output = args.text('output') ?? '.env'
    const asked = settings()
    const given = readSet(args.texts('set'), asked)
    if (args.flag('json') && !args.flag('yes')) throw usageError(setup, '--json requires --yes, because questions are not JSON.')
    const questions = args.flag('yes') ? undefined : new Questions()
    try {
      await mayWrite([config, output], args.flag('force'), questions)
      const answers: Record<string, string> = {}
      for (const [name, setting] of Object.entries(asked)) answers[name] = given[name] ?? await answerTo(setting, questions)
      const wanted = configOf(answers)
      ConfigLoader.read(wanted, { ADMIN_API_KEY: 'made below' }) // throws if the answers do not fit together
      writeFileSync(config, yamlOf(wanted))
      writePrivately(output, envOf())
      if (args.flag('json')) printJson({ nodeId: wanted.nodeId, config, env: output })
      else print(nextSteps(wanted, config, output))
      return EXIT.ok
    } finally {
      questions?.close()
    }
  }
}

function readSet (pairs: readonly string[], asked: Readonly<Record<string, Setting>>): Record<string, string> {
  return Object.fromEntries(pairs.map(pair => {
    const [name = '', ...rest] = pair.split('=')
    const setting = Object.hasOwn(asked, name) ? asked[name] : undefined
    if (setting === undefined || rest.length === 0) {
      throw usageError(setup, `--set takes <name>=<value> with one of ${Object.keys(asked).join(', ')}; found ${pair}`)
    }
    const fault = setting.fault(rest.join('='))
    if (fault !== undefined) throw usageError(setup, `--set ${name}: ${fault}`)
    return [name, rest.join('=')]
  }))
}

/** Asks until the answer is valid. */
async function answerTo ({ question, fallback, fault }: Setting, questions: Questions | undefined): Promise<string> {
  if (questions === undefined) return fallback
  for (;;) {
    const answer = await questions.ask(question, fallback)
    const wrong = fault(answer)
    if (wrong === undefined) return answer
    complain(wrong)
  }
}

async function mayWrite (files: readonly string[], force: boolean, questions: Questions | undefined): Promise<void> {
  const existing = files.filter(file => existsSync(file))
  if (existing.length === 0 || force) return
  const names = existing.join(' and ')
  if (questions === undefined) throw new CliError(`Already exists: ${names}. Nothing was changed. To overwrite, add --force.`)
  if (!/^y(es)?$/i.test(await questions.ask(`Already exists: ${names}. Overwrite? yes or no`, 'no'))) throw new CliError('Nothing was changed.')
}

/** From answers that have been checked one by one. */
function configOf ({ nodeId = '', btpPort, healthCheckPort, adminPort, handlerUrl = '', logLevel = '' }: Record<string, string>): ConnectorConfig {
  return {
    nodeId,
    btpServerPort: Number(btpPort),
    healthCheckPort: Number(healthCheckPort),
    logLevel: levelOf(logLevel),
    ...(handlerUrl !== '' && { deploymentMode: 'standalone', localDelivery: { enabled: true, handlerUrl } }),
    adminApi: { enabled: true, host: '127.0.0.1', port: Number(adminPort), apiKey: '${ADMIN_API_KEY}' },
    peers: [],
    routes: []
  }
}

function yamlOf (config: ConnectorConfig): string {
  return `# A Sluice node. Check it with: npx connector validate. Start it with: npx connector start
#
# To peer with another node, add it here under its nodeId. The other node needs an entry for this one, with the same authToken:
#   peers:
#     - id: peer-b
#       url: ws://peer-b:3001
#       authToken: \${PEER_B_SECRET}   # and PEER_B_SECRET=... in .env
#   routes:
#     - prefix: g.peer-b
#       nextHop: peer-b

${stringify(config)}`
}

function envOf (): string {
  return `# Secrets of the node. Keep this file to yourself.
ADMIN_API_KEY=${randomBytes(32).toString('base64url')}
`
}

function nextSteps ({ nodeId, healthCheckPort }: ConnectorConfig, config: string, output: string): string {
  const file = config === 'config.yaml' ? '' : ` ${config}`
  const health = healthCheckPort === 8080 ? '' : ` -u http://localhost:${healthCheckPort ?? ''}`
  return `Wrote ${config} and ${output} (the admin API's key). The node's address is g.${nodeId}.

Next:
  npx connector start${file}
  npx connector health${health}
Then add a peer to ${config}: the comment in the file shows how.`
}
