/** Events of the program in the logs of transactions. Another program can write the same words: what counts is who was running. */
import { encodeBase58, KEY_BYTES } from '../formats.js'

/** 1: opened; 2: deposited (side, total); 3: closed; 6: claimed (payer, total); 8: ended (paid out to a and to b). */
export interface ProgramEvent {
  kind: number
  account: string
  instance: bigint
  values: readonly [bigint, bigint]
}

const INVOKE = /^Program (\w+) invoke \[\d+\]$/
const END = /^Program (\w+) (success|failed)/
const DATA = /^Program data: (.+)$/

export function eventsIn (lines: readonly string[], programId: string): ProgramEvent[] {
  const running: string[] = []
  const events: ProgramEvent[] = []
  for (const line of lines) {
    const started = INVOKE.exec(line)?.[1]
    if (started !== undefined) running.push(started)
    else if (END.test(line)) running.pop()
    const data = running.at(-1) === programId ? DATA.exec(line)?.[1] : undefined
    const event = data === undefined ? undefined : eventOf(data.split(' ').map(part => Buffer.from(part, 'base64')))
    if (event !== undefined) events.push(event)
  }
  return events
}

/** The program that has failed first, which is the innermost. */
export function failedIn (lines: readonly string[]): string | undefined {
  return lines.map(line => /^Program (\w+) failed/.exec(line)?.[1]).find(program => program !== undefined)
}

function eventOf ([kind, account, instance, values]: Buffer[]): ProgramEvent | undefined {
  if (kind?.length !== 1 || account?.length !== KEY_BYTES || instance?.length !== 8 || values?.length !== 16) return undefined
  return {
    kind: kind.readUInt8(0),
    account: encodeBase58(account),
    instance: instance.readBigUInt64LE(0),
    values: [values.readBigUInt64LE(0), values.readBigUInt64LE(8)]
  }
}
