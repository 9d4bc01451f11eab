/**
 * What the node answers to a path, kept fresh while somebody looks: a panel shows the last answer at once, and changes only when the
 * answer does.
 */
import { signal, useSignalEffect, type ReadonlySignal, type Signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ApiError, keyEntered, request } from './api.js'
import { paused } from './page.js'

export interface Answer<T> {
  data: T | undefined
  /** Why the last attempt failed; `data` is then what was known before. */
  error: string | undefined
  /** The status of that failure; 0: no answer. */
  status: number | undefined
}

interface Kept { answer: Signal<Answer<unknown>>, text: string | undefined, asking: boolean }

/** Paths that are remembered when nobody looks at them. */
const KEPT_MAX = 60
const kept = new Map<string, Kept>()

/** @param everyMs how often to ask again; Infinity: only when something calls `refresh` */
export function useResource<T> (path: string, everyMs: number): ReadonlySignal<Answer<T>> {
  const found = keptOf(path)
  useEffect(() => {
    void ask(path)
    if (everyMs === Infinity) return
    const timer = setInterval(() => { if (!paused.peek() && !document.hidden) void ask(path) }, everyMs)
    return () => clearInterval(timer)
  }, [path, everyMs])
  useSignalEffect(() => { if (keyEntered.value > 0) void ask(path) })
  return found.answer as ReadonlySignal<Answer<T>>
}

/** Asks again for everything that is remembered and whose path begins so. */
export function refresh (beginning: string): void {
  if (paused.peek()) return
  for (const path of kept.keys()) if (path.startsWith(beginning)) void ask(path)
}

function keptOf (path: string): Kept {
  const found = kept.get(path)
  if (found !== undefined) return found
  const answer = signal<Answer<unknown>>({ data: undefined, error: undefined, status: undefined })
  const made: Kept = { answer, text: undefined, asking: false }
  kept.set(path, made)
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT_MAX) break
    kept.delete(oldest)
  }
  return made
}

async function ask (path: string): Promise<void> {
  const entry = keptOf(path)
  if (entry.asking) return
  entry.asking = true
  try {
    const text = await request(path)
    const { error } = entry.answer.peek()
    if (text !== entry.text || error !== undefined) {
      entry.text = text
      entry.answer.value = { data: JSON.parse(text), error: undefined, status: undefined }
    }
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    const status = error instanceof ApiError ? error.status : undefined
    const before = entry.answer.peek()
    if (before.error !== said) entry.answer.value = { data: before.data, error: said, status }
  } finally {
    entry.asking = false
  }
}
