/**
 * Runs commands of `connector` one after the other in this process, as its parent asks: loading the program takes a hundred times longer
 * than what it does with a file. The program itself is evaluated anew each time; what it is built of is loaded once.
 */
const MAIN = new URL('../../src/commands/cli/main.js', import.meta.url)

/** What the parent asks for. */
export interface Asked { args: readonly string[], cwd: string, env: NodeJS.ProcessEnv }
/** What it is told. */
export interface Ran { code: number, out: string, err: string }

const exit = process.exit.bind(process)
let runs = 0

async function run ({ args, cwd, env }: Asked): Promise<Ran> {
  const ran = { out: '', err: '' }
  process.chdir(cwd)
  process.env = env
  process.argv = [process.execPath, MAIN.pathname, ...args]
  process.stdout.write = kept(text => { ran.out += text })
  process.stderr.write = kept(text => { ran.err += text })
  const ended = new Promise<number>(resolve => {
    process.exit = (code => { resolve(Number(code)) }) as typeof process.exit
  })
  await import(`${MAIN.href}?run=${runs++}`)
  return { ...ran, code: await ended }
}

/** In the place of a stream's `write`. */
function kept (keep: (text: string) => void): typeof process.stdout.write {
  return (text: Uint8Array | string, ...more: unknown[]): boolean => {
    keep(typeof text === 'string' ? text : Buffer.from(text).toString())
    const done = more.find(argument => typeof argument === 'function')
    if (done !== undefined) setImmediate(done as () => void)
    return true
  }
}

process.on('message', (asked: Asked) => { void run(asked).then(ran => process.send?.(ran)) })
process.on('disconnect', () => exit())
