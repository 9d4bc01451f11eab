/** The file `.env` of the working folder: where `setup` puts secrets, and where the other commands find them. */
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { CliError } from './output.js'

/** The environment, completed by `.env`; variables that are already set win. Without the file, only the environment. */
export function environment (file = '.env'): NodeJS.ProcessEnv {
  let text
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return process.env
    throw new CliError(`Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  return { ...parseEnv(text), ...process.env }
}

/** Lines that are neither empty, nor a comment, nor `NAME=value`, counted from 1. The lines themselves may be secret. */
export function faultyLines (text: string): number[] {
  return text.split('\n').flatMap((line, index) => /^\s*(#.*)?$|^\s*(export\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*=/.test(line) ? [] : [index + 1])
}
