/** Run as a process of its own by the store tests: uses the store at a path, and prints what it did line by line. */
import LeveldownStore from '../../../stores/leveldown.js'
import { recordingLog } from '../stores.js'

const [task, path = ''] = process.argv.slice(2)
const store = new LeveldownStore({ path }, { log: recordingLog() })
const say = (line: string): void => { process.stdout.write(`${line}\n`) }
const outcome = (write: Promise<void>, name: string): Promise<void> => write.then(
  () => say(`written ${name}`),
  (error: unknown) => say(`failed ${name} ${error instanceof Error ? error.message : String(error)}`)
)

await store.open().then(() => say('open'), (error: unknown) => say(String(error)))

if (task === 'hold') {
  process.stdin.resume() // until it is killed
} else if (task === 'write') {
  for (let number = 0; ; number++) {
    const value = String(number).repeat(1 + number % 5000)
    await outcome(store.batch([{ type: 'put', key: `a${number}`, value }, { type: 'put', key: `b${number}`, value }]), String(number))
  }
} else {
  for (let number = 0; number < 30; number++) {
    await outcome(store.batch([{ type: 'put', key: `key ${number}`, value: `${number} `.repeat(200) }], { sync: true }), String(number))
  }
  say('done')
  process.stdin.resume()
}
