/** A node as the image runs it: a process with the image's command, and a configuration file that `CONFIG_FILE` names. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { freePort } from '../../../examples/free-port.js'
import { run, type Program } from '../node/processes.js'
import type { World } from '../node.js'

const MAIN = fileURLToPath(new URL('../../../src/commands/cli/main.js', import.meta.url))

export interface ImageNode {
  /** Where the admin API and the health port are. */
  admin: string
  health: string
  /** Of its BTP port. */
  url: string
  program: Program
  /** Ends it as `docker stop` does. */
  stop (): Promise<void>
  /** A new process in the same folder, whose file has `more` in it. */
  again (more?: Record<string, unknown>): Promise<ImageNode>
}

/** Resolves when it is ready. `given` is the file, but for the ports. */
export async function startImage (
  world: World, { adminApi, ...given }: Record<string, unknown> & { adminApi: Record<string, unknown> }
): Promise<ImageNode> {
  const port = await freePort()
  const config = { ...given, btpServerPort: await freePort(), healthCheckPort: await freePort(), adminApi: { ...adminApi, port } }
  const directory = await world.directory()
  const file = join(directory, 'connector.yaml')
  const start = async (more = {}): Promise<ImageNode> => {
    await writeFile(file, stringify({ ...config, ...more }))
    const program = run(world, process.execPath, [MAIN, 'start'], directory, { CONFIG_FILE: file })
    await program.says('connector_ready')
    return {
      admin: `http://127.0.0.1:${port}`,
      health: `http://127.0.0.1:${config.healthCheckPort}`,
      url: `ws://127.0.0.1:${config.btpServerPort}`,
      program,
      stop: async () => {
        program.kill('SIGTERM')
        await program.ended
      },
      again: start
    }
  }
  return await start()
}
