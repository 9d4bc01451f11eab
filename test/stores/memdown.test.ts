/** The store in memory, and what it shares with the one on disk: strings only, and a bound on waiting writes. */
import { expect } from 'chai'
import MemdownStore from '../../stores/memdown.js'
import { failure, recordingLog } from '../support/stores.js'

describe('memdown store', () => {
  it('warns that nothing survives a restart', () => {
    const log = recordingLog()
    expect(new MemdownStore({}, { log })).to.be.an('object')
    expect(log.lines).to.have.lengthOf(1)
    expect(log.lines[0]).to.match(/^warn .*NOTHING survives a restart/)
  })

  const notText: unknown[] = [undefined, null, 5, true, {}, Buffer.from('bytes')]
  for (const wrong of notText) {
    it(`refuses ${String(wrong)} as key or value, and says which`, async () => {
      const store = new MemdownStore({}, { log: recordingLog() })
      expect(await failure(store.put('key', wrong as string))).to.equal(`store values must be strings. key=key type=${typeof wrong}`)
      for (const asked of [store.put(wrong as string, ''), store.get(wrong as string), store.del(wrong as string)]) {
        expect(await failure(asked)).to.equal(`store keys must be strings of at least one character. type=${typeof wrong}`)
      }
      expect(await store.get('key')).to.equal(undefined)
    })
  }

  it('says once closed that it is closed', async () => {
    const store = new MemdownStore({}, { log: recordingLog() })
    await store.close()
    expect(await failure(store.get('key'))).to.equal('the store is closed. path=(memory)')
  })

  it('refuses a write when 10000 are waiting, and takes one again when they are done', async () => {
    const store = new MemdownStore({}, { log: recordingLog() })
    const writes = Array.from({ length: 10_000 }, (_, index) => store.put(`key ${index}`, ''))
    expect(await failure(store.put('one more', ''))).to.contain('reason=10000 writes are already waiting')
    await Promise.all(writes)
    await store.put('one more', 'taken')
    expect(await store.get('one more')).to.equal('taken')
  })
})
