/** Secrets that a person types: they are never shown on the terminal, and never in the arguments of a process, which others can see. */
import { on } from 'node:events'
import { CliError } from './output.js'

/** More than 24 words need. */
const CHARACTERS_MAX = 4096
const [CTRL_C, CTRL_D, CTRL_U, DELETE] = ['\u0003', '\u0004', '\u0015', '\u007f']

export class HiddenInput {
  readonly #keys: AsyncIterator<string>
  /** What was typed or pasted, and not asked for yet. */
  #ahead = ''

  constructor () {
    process.stdin.setEncoding('utf8').setRawMode(true)
    const typed = on(process.stdin, 'data', { close: ['end'] }) as AsyncIterable<[string]>
    this.#keys = (async function * () { for await (const [text] of typed) yield text })()
    process.stdin.resume()
  }

  /** Asks on the terminal, without showing the answer. Throws CliError for Ctrl-C and Ctrl-D. */
  async ask (question: string): Promise<string> {
    process.stderr.write(`${question}: `)
    let answer = ''
    for (;;) {
      const key = await this.#next()
      if (key === '\r' || key === '\n') break
      if (key === CTRL_C || key === CTRL_D) throw new CliError('\nStopped. Nothing was changed.')
      if (key === CTRL_U) answer = ''
      else if (key === DELETE || key === '\b') answer = Array.from(answer).slice(0, -1).join('')
      else if (answer.length < CHARACTERS_MAX) answer += key
    }
    process.stderr.write('\n')
    return answer
  }

  close (): void {
    process.stdin.setRawMode(false).pause()
  }

  async #next (): Promise<string> {
    while (this.#ahead === '') {
      const typed = await this.#keys.next()
      if (typed.done === true) return CTRL_D
      this.#ahead = typed.value.replaceAll('\r\n', '\n')
    }
    const [key = ''] = this.#ahead
    this.#ahead = this.#ahead.slice(key.length)
    return key
  }
}

/** Whether there is a person to ask. */
export function canAsk (): boolean {
  return process.stdin.isTTY
}

/** What is piped in. Throws CliError when it is longer than any secret that is expected. */
export async function readPiped (): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk
    if (text.length > CHARACTERS_MAX) throw new CliError(`Standard input has more than ${CHARACTERS_MAX} characters: these are not the words of a wallet.`)
  }
  return text
}
