/** `connector validate`: checks a configuration, or those of a whole network. Opens nothing. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ConfigLoader } from '../../config/node/config-loader.js'
import { ConfigurationError } from '../../config/errors.js'
import { OVERRIDES, secretVariableOf } from '../../config/node/env.js'
import type { NodeConfig } from '../../contracts/node.js'
import { nearest } from '../../lib/nearest.js'
import type { Command } from './command.js'
import { usageError } from './command.js'
import { environment, faultyLines } from './env-file.js'
import { CliError, complain, EXIT, print, printJson, type ExitCode } from './output.js'
import { checkTopology, type TopologyNode } from './topology.js'

/** Without an argument. */
const DEFAULT_FILE = 'config.yaml'
/** Files of one topology. */
const MAX_FILES = 1000

interface Issue {
  file: string
  line?: number | undefined
  message: string
}

interface Verdict {
  path: string
  valid: boolean
  issues: Issue[]
  warnings: string[]
  /** Printed if there are no problems. */
  praise: string
}

export const validate: Command = {
  name: 'validate',
  summary: 'Checks a configuration, or those of a whole network',
  usage: '[<file or folder>] [--json]',
  description: `Checks what it is given (default: CONFIG_FILE, else config.yaml): a .yaml or .yml file as "connector start" would read it, listing every
problem with its line; a .env file line by line; or a folder. There, every YAML file counts as one node: in addition to the problems of each
file, this finds unknown peers, nodes that are not connected, routes that lead nowhere, and loops. Variables such as \${ADMIN_API_KEY} are
read from the environment and from .env in this folder.
Exit codes: 0 valid (warnings are allowed), 1 not valid.`,
  options: {
    topology: { type: 'string', short: 't', value: '<folder>', help: 'The same as giving the folder as the argument' },
    json: { type: 'boolean', help: 'Print the verdict as JSON' }
  },
  maxPositionals: 1,
  examples: ['connector validate config.yaml', 'connector validate .env', 'connector validate examples/linear'],

  run (args) {
    const { CONFIG_FILE: configured = DEFAULT_FILE } = environment()
    const path = args.positionals[0] ?? args.text('topology') ?? (existsSync(configured) ? configured : undefined)
    if (path === undefined) throw usageError(validate, `Which file or folder? There is no ${configured} here.`)
    const verdict = judge(path)
    return Promise.resolve(args.flag('json') ? showJson(verdict) : showText(verdict))
  }
}

function judge (path: string): Verdict {
  const status = statSync(path, { throwIfNoEntry: false })
  if (status === undefined) throw new CliError(`File not found: ${path}`)
  if (status.isDirectory()) return judgeFolder(path)
  if (isYaml(path)) return judgeYaml(path)
  if (/^\.env(\..+)?$|\.env$/.test(basename(path))) return judgeEnv(path)
  throw new CliError(`Unknown kind of file: ${path}. Give a .yaml or .yml file, a .env file, or a folder of YAML files.`)
}

const isYaml = (path: string): boolean => /\.ya?ml$/.test(path)

function judgeYaml (path: string): Verdict {
  const env = environment()
  const { issues, warnings, config } = read(path, env, env)
  return { path, valid: issues.length === 0, issues, warnings: [...warnings, ...routesInWaiting(config)], praise: 'Configuration file is valid.' }
}

/** Peers may come later, over the admin API or by themselves; a misspelt one never does. In a folder, all peers are known. */
function routesInWaiting (config: NodeConfig | undefined): string[] {
  if (config === undefined) return []
  const { nodeId, peers, routes } = config
  const known = ['local', nodeId, ...peers.map(({ id }) => id)]
  return routes.filter(({ nextHop }) => !known.includes(nextHop)).map(({ prefix, nextHop }) => {
    const meant = nearest(nextHop, known)
    return `route ${prefix} -> ${nextHop}: no peer of this file is called ${nextHop}. The route waits until one of that name is added, or connects with the ` +
      `secret in ${secretVariableOf(nextHop)}.` +
      (meant === undefined ? '' : ` Did you mean ${meant}?`)
  })
}

function judgeEnv (path: string): Verdict {
  const issues = faultyLines(readFileSync(path, 'utf8')).map(line => ({ file: path, line, message: 'expected NAME=value, or # before a comment' }))
  return { path, valid: issues.length === 0, issues, warnings: [], praise: 'Configuration file is valid.' }
}

function judgeFolder (path: string): Verdict {
  const files = readdirSync(path).filter(isYaml).toSorted().map(name => join(path, name))
  if (files.length === 0) throw new CliError(`No .yaml or .yml files in ${path}.`)
  if (files.length > MAX_FILES) throw new CliError(`${path} has ${files.length} YAML files, at most ${MAX_FILES} can be checked at once.`)
  // Variables that override the file of one node, such as NODE_ID, are not meant for all of them.
  const env = environment()
  const overrides = Object.fromEntries(Object.entries(env).filter(([name]) => !OVERRIDES.has(name)))
  const readings = files.map(file => ({ file, ...read(file, env, overrides) }))
  const issues = readings.flatMap(reading => reading.issues)
  const warnings = readings.flatMap(reading => reading.warnings.map(warning => `${reading.file}: ${warning}`))
  // If a part of the network could not be read, the rest would seem to have problems that it does not have.
  const nodes = readings.flatMap(({ file, config }): TopologyNode[] => config === undefined ? [] : [{ file, config }])
  const topology = issues.length === 0 ? checkTopology(nodes) : { problems: [], warnings: [] }
  issues.push(...topology.problems.map(message => ({ file: path, message })))
  return {
    path,
    valid: issues.length === 0,
    issues,
    warnings: [...warnings, ...topology.warnings],
    praise: `Topology is valid: ${nodes.length} nodes (${nodes.map(({ config }) => config.nodeId).join(', ')}).`
  }
}

function read (file: string, env: NodeJS.ProcessEnv, overrides: NodeJS.ProcessEnv): Pick<Verdict, 'issues' | 'warnings'> & { config?: NodeConfig } {
  try {
    const { config, warnings } = ConfigLoader.read(file, env, overrides)
    return { config, issues: [], warnings }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    const issues = error.issues.map(({ source, line, path, message }) => ({
      // A source without a line is the variable that overrides the file.
      file, line, message: [...(line === undefined && source !== file ? [source] : []), path, message].filter(part => part !== '').join(': ')
    }))
    return { issues, warnings: [] }
  }
}

function showJson ({ path, valid, issues, warnings }: Verdict): ExitCode {
  printJson({ path, valid, issues, warnings })
  return valid ? EXIT.ok : EXIT.failed
}

function showText ({ path, valid, issues, warnings, praise }: Verdict): ExitCode {
  for (const warning of warnings) complain(`warning: ${warning}`)
  for (const { file, line, message } of issues) complain(`${file}${line === undefined ? '' : `:${line}`}: ${message}`)
  if (valid) print(praise)
  else complain(`${path}: ${issues.length} ${issues.length === 1 ? 'problem' : 'problems'}.`)
  return valid ? EXIT.ok : EXIT.failed
}
