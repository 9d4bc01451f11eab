/** `connector wallet`: makes and keeps a wallet of words, from which a node's keys on every chain come. */
import { existsSync } from 'node:fs'
import { ChainKinds } from '../../config/node/chain-kinds.js'
import type { ChainKind, WalletAccounts } from '../../contracts/chain-kind.js'
import { backupOf, walletIn } from '../../lib/wallet/backup.js'
import { walletFileIn, walletPasswordIn } from '../../lib/wallet/environment.js'
import { missingIn } from '../../lib/wallet/password.js'
import { existsAlready, readWalletText, seal, unseal, WalletError, writeNewWallet } from '../../lib/wallet/wallet-file.js'
import { entropyOf, newEntropy, phraseOf, seedOf } from '../../lib/wallet/words.js'
import type { Arguments, Command } from './command.js'
import { usageError } from './command.js'
import { environment } from './env-file.js'
import { canAsk, HiddenInput, readPiped } from './hidden-input.js'
import { CliError, complain, EXIT, print, printJson, type ExitCode } from './output.js'

const COUNT_MAX = 100
const WORDS_IN_A_ROW = 4

/** What a subcommand works with. */
interface Work {
  args: Arguments
  /** The path of the wallet. */
  file: string
  /** `WALLET_PASSWORD`, or what `WALLET_PASSWORD_FILE` holds. */
  password: string | undefined
  /** Asks a person; throws CliError when there is nobody to ask. */
  ask: (question: string) => Promise<string>
}

interface Address {
  index: number
  path: string
  address: string
}

const SUBCOMMANDS: Readonly<Record<string, (work: Work) => Promise<ExitCode>>> = { create, import: importWords, show, backup, restore }

export const wallet: Command = {
  name: 'wallet',
  summary: 'Makes and keeps the wallet that the keys of a node come from',
  usage: '<create | import | show | backup | restore> [<backup>] [--file <file>]',
  description: `create   makes a wallet, and on a terminal shows its words once. Write them down on paper: they are all that brings the keys back
import   makes a wallet of words that you have. They are asked for, or read from standard input: never put them into an argument
show     lists the addresses of the wallet by chain, and never a secret
backup   prints the wallet, or writes it to another file, still encrypted, with a checksum
restore  makes the wallet file of a backup

A chain of a node uses the first key of the wallet with "keyId: wallet:0" in config.yaml. The file is --file, else WALLET_FILE, else
wallet.json in this folder; it is encrypted with the password (scrypt, AES-256-GCM), and never overwritten. The password is asked for on a
terminal, or comes from WALLET_PASSWORD, or from the file that WALLET_PASSWORD_FILE names (environment or .env). A new one needs 16 characters, with
lower-case and upper-case letters, digits and others.
Exit codes: 0 done, 1 not done (nothing was changed).`,
  options: {
    file: { type: 'string', short: 'f', value: '<file>', help: 'The wallet (default WALLET_FILE, else wallet.json)' },
    words: { type: 'string', value: '<12 | 24>', help: 'create: how many words (default 24)' },
    count: { type: 'string', short: 'n', value: '<number>', help: `show: so many addresses of each chain, at most ${COUNT_MAX} (default 1)` },
    output: { type: 'string', short: 'o', value: '<file>', help: 'backup: where to write it (default: printed)' },
    json: { type: 'boolean', help: 'show: print the addresses as JSON' }
  },
  maxPositionals: 2,
  examples: [
    'connector wallet create', 'connector wallet import < words.txt', 'connector wallet show --json',
    'connector wallet backup --output wallet-backup.json', 'connector wallet restore wallet-backup.json --file wallet.json'
  ],

  async run (args) {
    const [what = '', extra] = args.positionals
    const subcommand = Object.hasOwn(SUBCOMMANDS, what) ? SUBCOMMANDS[what] : undefined
    // What was found is not repeated: it may be one of the words.
    if (subcommand === undefined) throw usageError(wallet, `Say what to do: ${Object.keys(SUBCOMMANDS).join(', ')}.`)
    if (extra !== undefined && what !== 'restore') throw usageError(wallet, `"wallet ${what}" takes no arguments. Words and passwords are never arguments: others can see those.`)
    const env = environment()
    let input: HiddenInput | undefined
    try {
      return await subcommand({
        args,
        file: args.text('file') ?? walletFileIn(env),
        password: walletPasswordIn(env),
        ask: question => {
          if (!canAsk()) throw new CliError('There is no terminal to ask for the password. Set WALLET_PASSWORD, or WALLET_PASSWORD_FILE to a file that has it.')
          input ??= new HiddenInput()
          return input.ask(question)
        }
      })
    } catch (error) {
      throw error instanceof WalletError ? new CliError(error.message) : error
    } finally {
      input?.close()
    }
  }
}

async function create (work: Work): Promise<ExitCode> {
  const words = work.args.text('words') ?? '24'
  if (words !== '12' && words !== '24') throw usageError(wallet, `--words takes 12 or 24, found ${words}.`)
  refuseToOverwrite(work.file)
  const password = await newPassword(work)
  const entropy = newEntropy(Number(words))
  try {
    writeNewWallet(work.file, seal(entropy, password))
    print(process.stdout.isTTY ? inWords(entropy) : NOT_SHOWN)
    tell(work.file, entropy)
  } finally {
    entropy.fill(0)
  }
  return EXIT.ok
}

const NOT_SHOWN = `The words of the wallet are shown on a terminal only: in a file or a log, anybody could take the money with them.
Without them, a backup of the wallet and its password are all that brings the keys back.
`

function inWords (entropy: Uint8Array): string {
  return `The words of the wallet. They are not shown again, and they are all that brings the keys back: write them down on paper,
in this order, and keep them where nobody else finds them. Then clear the screen.

${rowsOf(phraseOf(entropy).split(' '))}
`
}

async function importWords (work: Work): Promise<ExitCode> {
  refuseToOverwrite(work.file)
  const phrase = canAsk() ? await work.ask('The words, with spaces between them (they are not shown)') : await readPiped()
  const entropy = entropyIn(phrase)
  try {
    const password = await newPassword(work)
    writeNewWallet(work.file, seal(entropy, password))
    tell(work.file, entropy)
  } finally {
    entropy.fill(0)
  }
  return EXIT.ok
}

async function show (work: Work): Promise<ExitCode> {
  const text = readWalletText(work.file)
  const given = work.args.text('count') ?? '1'
  const count = Number(given)
  if (!/^\d{1,3}$/.test(given) || count < 1 || count > COUNT_MAX) throw usageError(wallet, `--count takes a number from 1 to ${COUNT_MAX}, found ${given}.`)
  const entropy = unseal(text, await passwordFor(work), work.file)
  try {
    const addresses = addressesOf(entropy, count)
    if (work.args.flag('json')) printJson(addresses)
    else print(inText(addresses))
  } finally {
    entropy.fill(0)
  }
  return EXIT.ok
}

async function backup (work: Work): Promise<ExitCode> {
  const output = work.args.text('output')
  if (output === undefined) {
    print(backupOf(readWalletText(work.file), await passwordFor(work), work.file).trimEnd())
    return EXIT.ok
  }
  if (existsSync(output)) throw new CliError(`${output} exists already, and nothing was changed. Name another file with --output.`)
  writeNewWallet(output, backupOf(readWalletText(work.file), await passwordFor(work), work.file))
  print(`Wrote ${output}. It opens with the password of the wallet: keep that elsewhere.`)
  return EXIT.ok
}

async function restore (work: Work): Promise<ExitCode> {
  const from = work.args.positionals[1]
  if (from === undefined) throw usageError(wallet, 'Which backup? Name its file.')
  refuseToOverwrite(work.file)
  writeNewWallet(work.file, walletIn(readWalletText(from), await passwordFor(work), from))
  print(`Wrote ${work.file}, the wallet of ${from}.`)
  return EXIT.ok
}

function refuseToOverwrite (file: string): void {
  if (existsSync(file)) throw existsAlready(file)
}

function passwordFor ({ password, ask }: Work): Promise<string> {
  return password === undefined ? ask('Password of the wallet') : Promise.resolve(password)
}

/** Asks twice, and until it is a good one. What comes from the environment must be one. */
async function newPassword ({ password: given, ask }: Work): Promise<string> {
  for (;;) {
    const password = given ?? await ask('New password of the wallet')
    const missing = missingIn(password)
    if (missing.length > 0) {
      const fault = `The password protects the money if the file falls into other hands. It needs ${missing.join(', and ')}.`
      if (given !== undefined) throw new CliError(fault)
      complain(fault)
    } else if (given !== undefined || await ask('The same again') === password) return password
    else complain('The two are not the same.')
  }
}

function entropyIn (phrase: string): Buffer {
  try {
    return entropyOf(phrase)
  } catch (error) {
    throw new CliError(`These words are not a wallet: ${error instanceof Error ? error.message : ''}. Nothing was changed.`)
  }
}

function tell (file: string, entropy: Uint8Array): void {
  print(`Wrote ${file}, which only you can read. Its addresses:

${inText(addressesOf(entropy, 1))}

Next: write keyId: wallet:0 into the chains of config.yaml, and set WALLET_PASSWORD where "connector start" finds it.
Make a backup: connector wallet backup --output <file>`)
}

/** By the type of the chain. */
function addressesOf (entropy: Uint8Array, count: number): Record<string, Address[]> {
  const kinds = new ChainKinds({}).all.filter((kind): kind is ChainKind & { wallet: WalletAccounts } => kind.wallet !== undefined)
  const seed = seedOf(entropy)
  try {
    return Object.fromEntries(kinds.map(({ type, wallet: accounts }) =>
      [type, Array.from({ length: count }, (_, index) => ({ index, ...accounts.accountAt(seed, index) }))]))
  } finally {
    seed.fill(0)
  }
}

function inText (addresses: Readonly<Record<string, readonly Address[]>>): string {
  const rows = Object.entries(addresses).flatMap(([type, all]) => all.map(({ index, path, address }) => [type, `wallet:${index}`, path, address]))
  const widths = [0, 1, 2].map(column => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows.map(row => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`).join('\n')
}

function rowsOf (words: readonly string[]): string {
  const cells = words.map((word, index) => `${String(index + 1).padStart(2)} ${word.padEnd(9)}`)
  return Array.from({ length: cells.length / WORDS_IN_A_ROW }, (_, row) =>
    `  ${cells.slice(row * WORDS_IN_A_ROW, (row + 1) * WORDS_IN_A_ROW).join(' ').trimEnd()}`).join('\n')
}
