/** Amounts, times and names as every page shows them: short to read, whole in the tooltip and in the clipboard. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import { exactWords, baseUnits, shortAmount, type Money } from '../model/money.js'
import { exactTime, relative } from '../model/time.js'
import { shortened } from '../model/text.js'
import { now } from '../state/page.js'
import { Icon } from './icons.js'

/** How long a copy button says that it has copied. */
const COPIED_MS = 1500

/** @param sign shows a plus before what is above nothing */
export function Amount ({ money, sign = false, unit = true }: { money: Money, sign?: boolean, unit?: boolean }): JSX.Element {
  const plus = sign && baseUnits(money.amount) > 0n ? '+' : ''
  return (
    <span class="amount" title={exactWords(money)}>
      {plus}{shortAmount(money.amount, money.assetScale)}{unit && <span class="unit"> {shortened(money.assetCode, 12)}</span>}
    </span>
  )
}

/** Several assets below each other. */
export function Amounts ({ amounts, sign = false, most = 3 }: { amounts: readonly Money[], sign?: boolean, most?: number }): JSX.Element {
  if (amounts.length === 0) return <span class="none">–</span>
  return (
    <span class="amounts">
      {amounts.slice(0, most).map(money => <Amount key={`${money.assetCode}/${money.assetScale}`} money={money} sign={sign} />)}
      {amounts.length > most && <span class="unit">and {amounts.length - most} more</span>}
    </span>
  )
}

export function Ago ({ at }: { at: number }): JSX.Element {
  return <time title={exactTime(at)} dateTime={at > 0 ? new Date(at).toISOString() : undefined}>{relative(at, now.value)}</time>
}

/** A long name that can be copied as a whole. */
export function Name ({ text, length = 24, mono = false, copy = true }: {
  text: string
  length?: number
  mono?: boolean
  copy?: boolean
}): JSX.Element {
  return (
    <span class={mono ? 'name mono' : 'name'}>
      <span title={text}>{shortened(text, length)}</span>
      {copy && <Copy text={text} what={shortened(text, 16)} />}
    </span>
  )
}

export function Copy ({ text, what, label }: { text: string, what: string, label?: string }): JSX.Element {
  const copied = useSignal(false)
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(() => {
      copied.value = true
      setTimeout(() => { copied.value = false }, COPIED_MS)
    }, () => undefined)
  }
  const words = copied.value ? 'Copied' : label
  return (
    <button type="button" class={label === undefined ? 'copy' : 'button'} onClick={copy} aria-label={`${words ?? 'Copy'}: ${what}`} title={text}>
      <Icon name={copied.value ? 'check' : 'copy'} />{label !== undefined && <span>{words}</span>}
    </button>
  )
}

/** A word with a colour that says the same. */
export function Tag ({ tone, children, title }: {
  tone: 'good' | 'in' | 'out' | 'look' | 'risk' | 'plain'
  children: ComponentChildren
  title?: string | undefined
}): JSX.Element {
  return <span class={`tag ${tone}`} title={title}>{children}</span>
}

export function OutLink ({ href, children }: { href: string, children: ComponentChildren }): JSX.Element {
  return <a class="out-link" href={href} target="_blank" rel="noopener noreferrer">{children}<Icon name="out" /><span class="sr"> (opens a new tab)</span></a>
}
