/** The built-in stores keep the published promises, and so does an npm store, as far as it goes. */
import { createRequire } from 'node:module'
import MemdownStore from '../../stores/memdown.js'
import type { Store } from '../../src/contracts/store.js'
import { storeConformance } from '../conformance/store.js'
import { leveldown, recordingLog } from '../support/stores.js'

const require = createRequire(import.meta.url)
const IlpStoreMemory = require('ilp-store-memory') as new () => Store

storeConformance('leveldown', leveldown, { batch: true, lifecycle: true, persistent: true })

storeConformance('leveldown, opened a second time', async directory => {
  const first = leveldown(directory)
  await first.open()
  await first.close()
  return leveldown(directory)
}, { batch: true, lifecycle: true, persistent: true })

storeConformance('memdown', () => new MemdownStore({}, { log: recordingLog() }), { batch: true, lifecycle: true, persistent: false })

storeConformance('ilp-store-memory', () => new IlpStoreMemory(), { batch: false, lifecycle: false, persistent: false })
