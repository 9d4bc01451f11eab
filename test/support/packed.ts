/** The package as npm packs and installs it. */
import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { BUILT, PACKAGE_ROOT } from './package-root.js'

const execute = promisify(execFile)

async function npm (cwd: string, ...args: string[]): Promise<string> {
  return (await execute('npm', [...args, '--ignore-scripts', '--offline'], { cwd })).stdout
}

/** Packs this build, whatever folder it was built to, and resolves to the path of the tarball. */
export async function pack (staging: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { files: string[] }
  for (const file of ['package.json', ...manifest.files]) {
    const from = file.startsWith('dist/') ? join(BUILT, file.slice('dist/'.length)) : join(PACKAGE_ROOT, file)
    await cp(from, join(staging, file), { recursive: true })
  }
  const [packed] = JSON.parse(await npm(staging, 'pack', '--json')) as [{ filename: string }]
  return join(staging, packed.filename)
}

/** What `npm install <name>@file:...` does in the folder `project`, without a network: the dependencies come from this repository. */
export async function install (tarball: string, project: string, name = 'sluice'): Promise<void> {
  const installed = join(project, 'node_modules', name)
  await mkdir(installed, { recursive: true })
  await execute('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'])
  const { dependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
  for (const dependency of [...Object.keys(dependencies), '@types/node']) await link(dependency, project)
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true, dependencies: { [name]: '*' } }))
  await npm(project, 'rebuild', name) // links the programs
}

/** As if the package were installed in `project`. */
export async function link (name: string, project: string): Promise<void> {
  const path = join(project, 'node_modules', name)
  await mkdir(dirname(path), { recursive: true })
  await symlink(dirname(await manifestOf(name)), path)
}

/** The manifest of an installed package, also of one that does not export it. */
async function manifestOf (name: string): Promise<string> {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    const manifest = join(folder, name, 'package.json')
    if (await readFile(manifest).then(() => true, () => false)) return manifest
  }
  throw new Error(`${name} is not installed`)
}
