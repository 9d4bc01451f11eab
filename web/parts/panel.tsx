/** A part of a page with its title, and what it says when there is nothing to show yet, or no answer. */
import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'
import type { Answer } from '../state/resource.js'
import { refresh } from '../state/resource.js'
import { Copy } from './values.js'
import { Icon } from './icons.js'

export function Panel ({ title, note, actions, children, wide = false, level = 2 }: {
  title: string
  note?: ComponentChildren
  actions?: ComponentChildren
  children: ComponentChildren
  wide?: boolean
  level?: 2 | 3
}): JSX.Element {
  const id = useId()
  const Heading = level === 2 ? 'h2' : 'h3'
  return (
    <section class={wide ? 'panel wide' : 'panel'} aria-labelledby={id}>
      <header class="panel-head">
        <Heading id={id}>{title}</Heading>
        {note !== undefined && <span class="note">{note}</span>}
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  )
}

export function Empty ({ title, text, command }: { title: string, text?: ComponentChildren, command?: string }): JSX.Element {
  return (
    <div class="state">
      <strong>{title}</strong>
      {text !== undefined && <p>{text}</p>}
      {command !== undefined && <p class="command"><code>{command}</code><Copy text={command} what="the command" /></p>}
    </div>
  )
}

/** Grey lines in the place of what is coming, so that nothing jumps when it is there. */
function Loading ({ lines }: { lines: number }): JSX.Element {
  return (
    <div class="loading" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, at) => <span key={at} class={`bone bone-${at % 3}`} />)}
    </div>
  )
}

/** Shows the answer of the node, or why it is not there. What was known before stays, with a line that says that it is old. */
export function Answered<T> ({ answer, path, lines = 4, children }: {
  answer: Answer<T>
  /** What is asked for again when the reader wants to try. */
  path: string
  lines?: number
  children: (data: T) => ComponentChildren
}): JSX.Element {
  const { data, error } = answer
  if (data === undefined && error === undefined) return <Loading lines={lines} />
  return (
    <>
      {error !== undefined && (
        <div class={data === undefined ? 'state failed' : 'failed-line'} role="alert">
          <Icon name="warn" />
          <span>{data === undefined ? error : `${error} This is what was known before.`}</span>
          <button type="button" class="button" onClick={() => refresh(path)}>Try again</button>
        </div>
      )}
      {data !== undefined && children(data)}
    </>
  )
}
