/** Fills a history until it is killed: `node write-until-killed.js <path> <first number>`. Prints how many events are on disk for sure. */
import { setTimeout } from 'node:timers/promises'
import { History } from '../../../src/explorer/history.js'
import { received } from './events.js'

const [path = '', first = '0'] = process.argv.slice(2)
let number = Number(first)
for (;;) {
  const history = new History({ path })
  await history.open()
  for (let round = 0; round < 40; round++) {
    for (let more = 0; more < 200; more++) history.add(received(number++)) // fewer than it takes, or some would be left out
    await setTimeout(40)
  }
  await history.close()
  process.stdout.write(`${number}\n`)
}
