/** Questions on a terminal, or answered line by line from a pipe. */
import { createInterface, type Interface } from 'node:readline'
import { CliError } from './output.js'

export class Questions {
  private readonly terminal: Interface
  private readonly lines: AsyncIterator<string>

  constructor () {
    this.terminal = createInterface({ input: process.stdin, output: process.stdout })
    // Not `question`: it would lose lines that a pipe delivers before they are asked for.
    this.lines = this.terminal[Symbol.asyncIterator]()
  }

  /** An empty answer is `fallback`. Throws CliError when there is no more input (Ctrl-C, Ctrl-D, the end of a pipe). */
  async ask (question: string, fallback: string): Promise<string> {
    this.terminal.setPrompt(`${question}${fallback === '' ? '' : ` [${fallback}]`}: `)
    this.terminal.prompt()
    const line = await this.lines.next()
    if (line.done === true) throw new CliError('\nStopped. Nothing was changed.')
    return line.value.trim() || fallback
  }

  close (): void {
    this.terminal.close()
  }
}
