/** Tears things down: every step runs, even if the one before failed, because nothing may be left open. */

export type Step = [name: string, take: () => unknown]

/** Takes the steps one after the other. Never rejects: `failed` hears of what throws or rejects. */
export async function tearDown (steps: readonly Step[], failed: (step: string, error: unknown) => void): Promise<void> {
  for (const [name, take] of steps) {
    try {
      await take()
    } catch (error) {
      failed(name, error)
    }
  }
}
