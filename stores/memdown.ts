/** Keeps everything in memory, for development and tests: nothing survives a restart. */
import levelup from 'levelup'
import type { StoreApi } from '../src/contracts/store.js'
import { encode, memdown } from './lib/level-packages.js'
import { LevelStore } from './lib/level-store.js'

export default class MemdownStore extends LevelStore {
  constructor (_options: Record<string, unknown>, { log }: StoreApi) {
    const memory = memdown<string, string>()
    super('(memory)', () => Promise.resolve(levelup(encode<string, string>(memory))))
    log.warn('the store is in memory only, with balances and everything else: NOTHING survives a restart. Never use it for real money.')
  }
}
