/** `connector setup`: writes a first configuration, after asking some questions, or without asking. */
import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { ConfigLoader } from '../../config/node/config-loader.js'
import { LOG_LEVELS, type LogLevel } from '../../contracts/logger.js'
import { writePrivately } from '../../lib/private-file.js'
import type { ChainKind } from '../../contracts/chain-kind.js'
import type { ConnectorConfig } from '../../contracts/node.js'
import type { Command } from './command.js'
import { usageError } from './command.js'
import { urlOf } from './http.js'
import { CliError, complain, EXIT, print, printJson } from './output.js'
import { Questions } from './questions.js'
import { choice, kindsToChoose, questionsOf, settlementOf, type Setting, type Settlement } from './setup-settlement.js'

const unless = (isRight: (answer: string) => boolean, expected: string) => (answer: string): string | undefined =>
  isRight(answer) ? undefined : `expected ${expected}, found ${JSON.stringify(answer)}`
const port = unless(answer => /^\d{1,5}$/.test(answer) && Number(answer) > 0 && Number(answer) < 65_536, 'a port from 1 to 65535')
const isUrl = (answer: string): boolean => answer === '' || /^https?:$/.test(urlOf(answer)?.protocol ?? '')

const name = unless(answer => /^[A-Za-z0-9_-]+$/.test(answer), 'letters, digits, - and _')
const levelOf = (answer: string): LogLevel | undefined => LOG_LEVELS.find(level => level === answer)

/** By their names for --set, in the order of the questions; those about a chain follow. */
function settings (): Record<string, Setting> {
  return {
    nodeId: { question: 'Name of this node, and of its address g.<name>', fallback: `connector-${randomBytes(4).toString('hex')}`, fault: name },
    btpPort: { question: 'Port for peers (BTP)', fallback: '4000', fault: port },
    healthCheckPort: { question: 'Port for health checks', fallback: '8080', fault: port },
    adminPort: { question: 'Port of the admin API', fallback: '8081', fault: port },
    handlerUrl: { question: 'URL of your business logic server (empty: none yet)', fallback: '', fault: unless(isUrl, 'an http:// or https:// URL') },
    logLevel: { question: 'Log level: debug, info, warn or error', fallback: 'info', fault: unless(answer => levelOf(answer) !== undefined, LOG_LEVELS.join(', ')) },
    settlement: choice(kindsToChoose())
  }
}

export const setup: Command = {
  name: 'setup',
  summary: 'Writes a first configuration: config.yaml, and .env for secrets',
  usage: '[--yes] [--set <name>=<value>]... [--config <file>] [--output <file>] [--force] [--json]',
  /** A getter: other commands need not load what there is to ask about chains. */
  get description () {
    return `Asks a few questions; Enter accepts the answer in brackets. With --yes it asks nothing and uses the defaults, except for values given with
--set: ${Object.keys(settings()).join(', ')};
and about a chain:
${kindsToChoose().map(kind => `  ${kind.type}: ${Object.keys(questionsOf(kind)).join(', ')}`).join('\n')}
It generates a key for the admin API and puts it into .env, which only you can read; secrets of the chain go there, too.
Exit codes: 0 written, 1 not written (nothing was changed).`
  },
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
    const given = readSet(args.texts('set'))
    if (args.flag('json') && !args.flag('yes')) throw usageError(setup, '--json requires --yes, because questions are not JSON.')
    const questions = args.flag('yes') ? undefined : new Questions()
    try {
      await mayWrite([config, output], args.flag('force'), questions)
      const answers = await answersTo(settings(), given, questions)
      const kind = kindsToChoose().find(({ type }) => type === answers.settlement)
      refuseUnasked(given, kind)
      const settlement = kind && settlementOf(kind, await answersTo(questionsOf(kind), given, questions))
      const wanted = configOf(answers)
      // Throws if the answers do not fit together.
      ConfigLoader.read({ ...wanted, ...(settlement?.filledIn && { chainProviders: [settlement.filledIn] }) }, { ADMIN_API_KEY: 'made below' })
      writeFileSync(config, yamlOf({ ...wanted, ...(settlement && { chainProviders: [settlement.entry] }) }, kind))
      writePrivately(output, envOf(settlement))
      if (args.flag('json')) printJson({ nodeId: wanted.nodeId, config, env: output })
      else print(nextSteps(wanted, config, output, settlement))
      return EXIT.ok
    } finally {
      questions?.close()
    }
  }
}

/** Of several chains, a field is asked about by one at a time: an answer is judged when it is known which. */
function readSet (pairs: readonly string[]): Record<string, string> {
  const asked = settings()
  const ofChains = kindsToChoose().flatMap(kind => Object.keys(questionsOf(kind)))
  return Object.fromEntries(pairs.map(pair => {
    const [name = '', ...rest] = pair.split('=')
    const setting = Object.hasOwn(asked, name) ? asked[name] : undefined
    if ((setting === undefined && !ofChains.includes(name)) || rest.length === 0) {
      throw usageError(setup, `--set takes <name>=<value> with one of ${Object.keys(asked).join(', ')}, or what is asked about a chain; found ${pair}`)
    }
    refuseWrong(name, setting, rest.join('='))
    return [name, rest.join('=')]
  }))
}

function refuseWrong (name: string, setting: Setting | undefined, answer: string): void {
  const fault = setting?.fault(answer)
  if (fault !== undefined) throw usageError(setup, `--set ${name}: ${fault}`)
}

/** An answer to a question that nobody asks would be lost. */
function refuseUnasked (given: Readonly<Record<string, string>>, kind: ChainKind | undefined): void {
  const asked = { ...settings(), ...(kind && questionsOf(kind)) }
  const unasked = Object.keys(given).find(name => !Object.hasOwn(asked, name))
  if (unasked !== undefined) throw usageError(setup, `--set ${unasked} belongs to another chain than ${kind?.type ?? 'none'}: say --set settlement=<chain>, too.`)
}

async function answersTo (
  asked: Readonly<Record<string, Setting>>, given: Readonly<Record<string, string>>, questions: Questions | undefined
): Promise<Record<string, string>> {
  const answers: Record<string, string> = {}
  for (const [name, setting] of Object.entries(asked)) {
    const answer = given[name]
    if (answer !== undefined) refuseWrong(name, setting, answer)
    answers[name] = answer ?? await answerTo(name, setting, questions)
  }
  return answers
}

/** Asks until the answer is valid. */
async function answerTo (name: string, { question, fallback, fault }: Setting, questions: Questions | undefined): Promise<string> {
  if (questions === undefined) {
    if (fallback === undefined) throw usageError(setup, `--yes needs an answer to "${question}": add --set ${name}=<value>.`)
    return fallback
  }
  for (;;) {
    const answer = await questions.ask(question, fallback ?? '')
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

function yamlOf (config: ConnectorConfig, kind: ChainKind | undefined): string {
  return `# A Sluice node. Check it with: npx connector validate. Start it with: npx connector start
#
# To peer with another node, add it here under its nodeId. The other node needs an entry for this one, with the same authToken:
#   peers:
#     - id: peer-b
#       url: ws://peer-b:3001
#       authToken: \${PEER_B_SECRET}   # and PEER_B_SECRET=... in .env
${kind === undefined ? '' : `#       ${kind.peerField}: '...'   # where it is paid: ${kind.address.inWords}\n`}#   routes:
#     - prefix: g.peer-b
#       nextHop: peer-b

${stringify(config)}`
}

function envOf (settlement: Settlement | undefined): string {
  const lines = Object.entries(settlement?.variables ?? {}).map(([name, value]) => `${name}=${value}\n`)
  return `# Secrets of the node. Keep this file to yourself.
ADMIN_API_KEY=${randomBytes(32).toString('hex')}
${lines.join('')}`
}

function nextSteps (
  { nodeId, healthCheckPort }: ConnectorConfig, config: string, output: string, settlement: Settlement | undefined
): string {
  const file = config === 'config.yaml' ? '' : ` ${config}`
  const health = healthCheckPort === 8080 ? '' : ` -u http://localhost:${healthCheckPort ?? ''}`
  const empty = Object.entries(settlement?.variables ?? {}).filter(([, value]) => value === '').map(([name]) => name)
  return `Wrote ${config} and ${output} (${settlement === undefined ? 'the admin API\'s key' : 'secrets'}). The node's address is g.${nodeId}.

Next:
${empty.map(name => `  put ${name} into ${output}\n`).join('')}  npx connector start${file}
  npx connector health${health}
Then add a peer to ${config}: the comment in the file shows how.`
}
