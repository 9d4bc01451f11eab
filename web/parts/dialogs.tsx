/** What lies on top of the page: the help, and the question for the key. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { enterKey, keyWanted } from '../state/api.js'
import { KEYS } from '../state/keys.js'
import { helpOpen } from '../state/page.js'
import { Icon } from './icons.js'

export function Help (): JSX.Element {
  const close = (): void => { helpOpen.value = false }
  return (
    <Dialog open={helpOpen.value} title="Keyboard" onClose={close}>
      <dl class="keys">{KEYS.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>
      <p class="note">Amounts are shortened. The tooltip has every digit, and the base units. This page only reads: nothing on it changes the node.</p>
    </Dialog>
  )
}

export function KeyPrompt (): JSX.Element {
  const key = useSignal('')
  const close = (): void => { keyWanted.value = undefined }
  const submit = (event: Event): void => {
    event.preventDefault()
    if (key.value !== '') enterKey(key.value)
    key.value = ''
  }
  return (
    <Dialog open={keyWanted.value !== undefined} title="This node wants a key" onClose={close}>
      <form onSubmit={submit}>
        <p class="said">{keyWanted.value}</p>
        <label for="key">API key</label>
        <input id="key" type="password" autocomplete="off" maxLength={4096} value={key.value} onInput={event => { key.value = event.currentTarget.value }} />
        <p class="note">It is kept in this tab until you close it, and sent to this node only.</p>
        <div class="dialog-actions"><button type="submit" class="button primary">Continue</button></div>
      </form>
    </Dialog>
  )
}

function Dialog ({ open, title, onClose, children }: {
  open: boolean
  title: string
  onClose: () => void
  children: ComponentChildren
}): JSX.Element {
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    if (open && element.current?.open === false) element.current.showModal()
    if (!open && element.current?.open === true) element.current.close()
  }, [open])
  return (
    <dialog ref={element} aria-labelledby={id} onClose={onClose}>
      {open && <>
        <header><h2 id={id}>{title}</h2><button type="button" class="tool" onClick={onClose} aria-label="Close"><Icon name="cross" /></button></header>
        {children}
      </>}
    </dialog>
  )
}
