/** Events below each other, the newest first, under their days. */
import type { JSX } from 'preact'
import type { EventLine } from '../model/words.js'
import { transactionPage } from '../model/chains.js'
import { clock, exactTime } from '../model/time.js'
import { shortened } from '../model/text.js'
import { Amount, Name, OutLink } from './values.js'

export function Timeline ({ lines, subject = true }: { lines: readonly EventLine[], subject?: boolean }): JSX.Element {
  return (
    <ol class="timeline">
      {lines.map((line, index) => (
        <li key={line.id} class={line.tone}>
          {dayOf(line.at) !== dayOf(lines[index - 1]?.at) && <span class="day">{dayOf(line.at)}</span>}
          <time title={exactTime(line.at)}>{clock(line.at)}</time>
          <span class="said">{subject && <strong title={line.subject}>{shortened(line.subject, 30)} </strong>}{line.text}</span>
          {line.money !== undefined && <Amount money={line.money} />}
          {line.transaction !== undefined && <Transaction chain={line.transaction.chain} hash={line.transaction.hash} />}
        </li>
      ))}
    </ol>
  )
}

function Transaction ({ chain, hash }: { chain: string, hash: string }): JSX.Element {
  const page = transactionPage(chain, hash)
  return page === undefined ? <Name text={hash} length={16} mono /> : <OutLink href={page}><span class="mono">{shortened(hash, 14)}</span></OutLink>
}

function dayOf (at: number | undefined): string {
  return at === undefined ? '' : new Date(at).toLocaleDateString(undefined, { weekday: 'short', day: 'numeric', month: 'short' })
}
