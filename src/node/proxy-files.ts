/** What a proxy that the node starts needs on the disk: its program, its settings, and what a hidden service is known by. */
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { SluiceError } from '../contracts/errors.js'
import type { HiddenServiceConfig, ManagedProxy } from '../contracts/node.js'
import { describeError } from '../lib/describe-error.js'
import { makeDirectory } from '../lib/make-directory.js'

const PACKAGE = '@anyone-protocol/anyone-client'
const HOSTNAME = /^([a-z2-7]{56})\.(onion|anon|anyone)$/
const MODE = 0o700

export interface ProxyFiles {
  readonly binary: string
  /** The settings, which a process that was left behind is known by. */
  readonly settings: string
  readonly pid: string
}

/** @throws SluiceError that says what to install */
function binaryOf ({ binaryPath }: ManagedProxy): string {
  if (binaryPath !== undefined) return binaryPath.includes('/') ? resolve(binaryPath) : binaryPath
  for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
    try {
      const manifest = createRequire(from).resolve('@anyone-protocol/anyone-client/package.json')
      return join(dirname(manifest), 'bin', process.platform, process.arch, process.platform === 'win32' ? 'anon.exe' : 'anon')
    } catch {
      // seen from the other place, it may be there
    }
  }
  throw new SluiceError('SLUICE_PROXY_UNUSABLE', `transport.managed starts the program anon of a package that is not installed: npm install ${PACKAGE}. To start another ` +
    'program, such as tor, set transport.managedOptions.binaryPath.')
}

/**
 * Writes the settings. What the operator has set comes first, so that it cannot take away what the node relies on.
 * @param directory for what the proxy keeps, made if it is not there
 * @param socks where it is to listen
 * @param target the BTP port on this machine, for a hidden service
 */
export async function writeProxyFiles (
  managed: ManagedProxy, { directory, socks, target }: { directory: string, socks: string, target: number }
): Promise<ProxyFiles> {
  const home = resolve(directory)
  await privateDirectory(home)
  const { configFilePath, hiddenService } = managed
  if (hiddenService !== undefined) await privateDirectory(resolve(hiddenService.directory))
  const files = { binary: binaryOf(managed), settings: join(home, 'settings'), pid: join(home, 'pid') }
  const lines = [
    ...configFilePath === undefined ? [] : [`%include ${quoted(isAbsolute(configFilePath) ? configFilePath : resolve(configFilePath))}`],
    `DataDirectory ${quoted(join(home, 'data'))}`,
    `PidFile ${quoted(files.pid)}`,
    `SocksPort ${socks} IsolateSOCKSAuth`,
    'Log notice stdout',
    `__OwningControllerProcess ${process.pid}`, // so that it ends with the node, however that ends
    ...hiddenService === undefined ? [] : [
      `HiddenServiceDir ${quoted(resolve(hiddenService.directory))}`,
      `HiddenServicePort ${hiddenService.port} 127.0.0.1:${target}`
    ]
  ]
  await writeFile(files.settings, `${lines.join('\n')}\n`, { mode: 0o600 })
  return files
}

/**
 * The name of the hidden service. Undefined: the proxy has not made one yet.
 * @throws SluiceError when it is not the one that the configuration names, or not one
 */
export async function readHostname ({ directory, serviceId }: HiddenServiceConfig): Promise<string | undefined> {
  const text = await readFile(join(directory, 'hostname'), 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw new SluiceError('SLUICE_PROXY_UNUSABLE', `cannot read the name of the hidden service in ${directory}: ${describeError(error)}`)
  })
  const hostname = text.trim()
  if (hostname === '') return undefined
  const [, found] = HOSTNAME.exec(hostname) ?? []
  if (found === undefined) throw new SluiceError('SLUICE_PROXY_UNUSABLE', `the file hostname in ${directory} does not hold the name of a hidden service of version 3.`)
  if (serviceId === undefined || serviceId === found) return hostname
  throw new SluiceError('SLUICE_PROXY_UNUSABLE', `the hidden service in ${directory} has another name than transport.hiddenService.hostname. Peers would dial a service that ` +
    'this node does not have: restore the directory with its keys, or correct the hostname.')
}

async function privateDirectory (path: string): Promise<void> {
  await makeDirectory(path)
  await chmod(path, MODE) // tor refuses any other
}

function quoted (path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`
}
