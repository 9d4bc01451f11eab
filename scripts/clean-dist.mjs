// Removes from dist what was compiled from files that are gone, so that no deleted test runs. Part of `npm run build`.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ROOMS = ['src', 'middlewares', 'backends', 'stores', 'plugins', 'test', 'examples', 'bench', 'scripts', 'web/model'] // as in tsconfig.json, and what tests import of the page
const COMPILED = /(?:\.d)?\.([cm]?)[jt]s(?:\.map)?$/

for (const room of ROOMS.filter(room => existsSync(join(ROOT, 'dist', room)))) {
  for (const name of readdirSync(join(ROOT, 'dist', room), { recursive: true, encoding: 'utf8' })) {
    const [suffix, kind] = COMPILED.exec(name) ?? []
    if (suffix === undefined || existsSync(join(ROOT, room, `${name.slice(0, -suffix.length)}.${kind}ts`))) continue
    const file = join(ROOT, 'dist', room, name)
    if (statSync(file).isFile()) rmSync(file)
  }
}
