/** Waiting with an end. */

/** Resolves to true when the work is done, or to false after `timeoutMs`; the work goes on. Rejects when the work does before that. */
export async function withTimeout (work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>(resolve => { timer = setTimeout(() => resolve(false), timeoutMs) })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
