/**
 * The configuration service. Parts read its properties when they need them, so a change at run time takes effect; nothing is loaded
 * unless all of it is right.
 */
import type { AccountInfo } from '../../contracts/account.js'
import { accountSchema, isAccount } from './account-schema.js'
import { envName, readEnv } from './env.js'
import { ConfigError } from '../errors.js'
import type { ConfigIssue, Problem } from '../errors.js'
import { explain } from '../explain.js'
import { problemsOfAccount, problemsOfOptions, problemsUnseen } from './rules.js'
import { connectorSchema } from './schema.js'
import type { ConnectorOptions } from './schema.js'
import { showPath } from '../in-words.js'
import { createLogger, logFormatFault, loggerFault } from '../../lib/log.js'
import type { LogFormat, LogLevel, Logger } from '../../contracts/logger.js'
import type { NodeLogger } from '../../contracts/node.js'

class Defaults {
  constructor () {
    Object.assign(this, connectorSchema.parse({ accounts: {} }))
  }
}

/** The schema is the only list of the options: this tells the compiler that an object made from its defaults has them all. */
const OptionsAtDefaults = Defaults as new () => ConnectorOptions

/** A reduct service (the injector given to its constructor is not needed). Before loading, every option has its default. */
export class Config extends OptionsAtDefaults {
  /** Of the application, in the place of stdout. */
  logger: NodeLogger | undefined
  override logLevel?: LogLevel | undefined = undefined
  override logFormat?: LogFormat | undefined = undefined

  /**
   * Loads the `CONNECTOR_*` variables. `warnOf` gets each that has our prefix and resembles no option.
   * @throws ConfigError naming every fault; then nothing was loaded
   */
  loadFromEnv (env: NodeJS.ProcessEnv = process.env, warnOf?: (variable: string) => void): void {
    const { values, issues, sources, strangers } = readEnv(env)
    for (const variable of strangers) warnOf?.(variable)
    const { options, problems } = read(values)
    const logFault = logFormatFault(env)
    if (logFault !== undefined) issues.push({ ...logFault, path: '' })
    const broken = new Set(issues.map(({ source }) => source))
    const sourceOf = (option: string): string => sources.get(option) ?? envName(option)
    const found = problems.map(({ path: [option, ...path], message }) => issueOf(sourceOf(String(option)), { path, message }))
    refuse([...issues, ...found.filter(({ source }) => !broken.has(source))])
    Object.assign(this, options)
  }

  /**
   * Loads an options object; the environment decides about level and format of the log alone, where the object does not. A key whose
   * value is undefined counts as left out. `accounts` is used as it is, not copied.
   * @throws ConfigError naming every fault; then nothing was loaded
   */
  loadFromOptions (given: object): void {
    const { logger, ...rest } = Object(given) as { logger?: NodeLogger | undefined }
    const { options, problems } = read('logger' in Object(given) ? rest : given)
    const fault = logger === undefined ? undefined : loggerFault(logger)
    if (fault !== undefined) problems.push({ path: ['logger'], message: fault })
    refuse(problems.map(problem => issueOf('options', problem)))
    Object.assign(this, options)
    this.logger = logger
  }

  /**
   * A log for a part of this connector.
   * @param options of the module that it is for: what is secret in them does not get into its lines
   */
  createLogger (name: string, options?: unknown): Logger & NodeLogger {
    return createLogger(name, { level: this.logLevel, format: this.logFormat, to: this.logger, options })
  }

  /**
   * Checks one account, such as one that is added at run time, and returns it, the same object. Whether a child's address segment
   * is free among the accounts that are running is for the caller to check.
   * @throws ConfigError naming every fault
   */
  validateAccount (id: string, account: unknown): AccountInfo {
    const source = `account ${showPath([id])}`
    if (!isAccount(account)) {
      const issues = accountSchema.safeParse(account).error?.issues ?? []
      throw new ConfigError(explain(issues, accountSchema, account).map(problem => issueOf(source, problem)))
    }
    refuse(problemsOfAccount(id, account).map(problem => issueOf(source, problem)))
    return account
  }

  /** The value of one option. */
  get<Option extends keyof ConnectorOptions> (option: Option): ConnectorOptions[Option] {
    return this[option]
  }
}

function read (given: object): { options?: ConnectorOptions, problems: Problem[] } {
  const { data, error } = connectorSchema.safeParse(given)
  if (error !== undefined) return { problems: [...problemsUnseen(given), ...explain(error.issues, connectorSchema, given)] }
  // zod copies what it reads; accounts are used by reference.
  const options = Object.assign(data, 'accounts' in given ? { accounts: given.accounts } : {})
  return { options, problems: problemsOfOptions(options) }
}

function issueOf (source: string, { path, message }: Problem): ConfigIssue {
  return { source, path: showPath(path), message }
}

function refuse (issues: ConfigIssue[]): void {
  if (issues.length > 0) throw new ConfigError(issues)
}
