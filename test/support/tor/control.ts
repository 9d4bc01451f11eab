/** Asks a process of tor for its circuits, and tells it to close them, over its control port (control-spec). */
import { once } from 'node:events'
import { connect } from 'node:net'

const BUILT = /^(?:250[+-]circuit-status=)?(\d+) BUILT (\S+)/gm
/** An open stream, and the circuit that it is on. */
const STREAM = /^(?:250[+-]stream-status=)?\d+ SUCCEEDED (\d+) /gm
const WHOLE = /^250 OK\r\n/m

type Ask = (command: string, isWhole: RegExp) => Promise<string>

/** Closes all circuits, as when the relays on them go away. Resolves to how many there were. */
export async function closeCircuits (control: string): Promise<number> {
  return await withControl(control, async ask => {
    const circuits = await circuitsOf(ask)
    for (const id of circuits.keys()) await ask(`CLOSECIRCUIT ${id}`, /^\d{3} .*\r\n/m)
    return circuits.size
  })
}

/** The relays by which open connections go, each once, the nearest first. */
export async function relaysInUse (control: string): Promise<string[]> {
  return await withControl(control, async ask => {
    const circuits = await circuitsOf(ask)
    const used = [...(await ask('GETINFO stream-status', WHOLE)).matchAll(STREAM)].flatMap(([, id = '']) => circuits.get(id) ?? [])
    return [...new Set(used)]
  })
}

/** By the id of a circuit that stands, the nicknames of its relays. */
async function circuitsOf (ask: Ask): Promise<Map<string, string[]>> {
  const text = await ask('GETINFO circuit-status', WHOLE)
  return new Map([...text.matchAll(BUILT)].map(([, id = '', path = '']) => [id, path.split(',').map(relay => relay.replace(/^.*[~=]/, ''))]))
}

async function withControl<T> (control: string, work: (ask: Ask) => Promise<T>): Promise<T> {
  const socket = connect(control)
  socket.setEncoding('utf8')
  const ask: Ask = async (command, isWhole) => {
    socket.write(`${command}\r\n`)
    let answer = ''
    while (!isWhole.test(answer)) answer += (await once(socket, 'data') as [string])[0]
    return answer
  }
  try {
    await ask('AUTHENTICATE', /^250 .*\r\n/m)
    return await work(ask)
  } finally {
    socket.destroy()
  }
}
