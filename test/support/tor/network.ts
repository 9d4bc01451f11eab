/**
 * A Tor network on the loopback of this machine, for tests: one directory authority and four relays, with the intervals of minutes that
 * real ones have cut to seconds. It takes about fifteen seconds until onion services can be reached, so a file of tests starts one.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../examples/free-port.js'

const RELAYS = ['relay1', 'relay2', 'relay3', 'relay4']
const AUTHORITY = 'authority'
/** Tor asks that the delays of a vote fit twice into it. */
const VOTE_SECS = 10
const DELAY_SECS = 2

interface Member {
  name: string
  directory: string
  orPort: number
  dirPort: number
}

/** Whether Debian's packages `tor` and its `tor-gencert` are on this machine. */
export function hasTor (): boolean {
  return ['tor', 'tor-gencert'].every(name => spawnSync(name, ['--version']).error === undefined)
}

export class TorNetwork {
  readonly #processes: ChildProcess[] = []

  private constructor (readonly directory: string, private readonly member: string) {}

  static async start (): Promise<TorNetwork> {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-tor-'))
    const authority = await newMember(directory, AUTHORITY)
    const members = [authority, ...await Promise.all(RELAYS.map(name => newMember(directory, name)))]
    const network = new TorNetwork(directory, memberOf(await keysOf(authority)))
    for (const member of members) await network.#run(member)
    return network
  }

  /**
   * The settings of a client of this network, in a file of its own.
   * @param control where it takes commands, to lose its circuits
   */
  async clientSettings (name: string, control: string): Promise<string> {
    const file = join(this.directory, `${name}.torrc`)
    await writeFile(file, `${this.member}ControlPort unix:${control}\nCookieAuthentication 0\nShutdownWaitLength 0\n`)
    return file
  }

  async stop (): Promise<void> {
    await Promise.all(this.#processes.map(async child => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }))
    await rm(this.directory, { recursive: true, force: true })
  }

  async #run ({ name, directory, orPort, dirPort }: Member): Promise<void> {
    const file = join(directory, 'torrc')
    const asAuthority = name === AUTHORITY ? `AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
TestingV3AuthInitialVotingInterval ${VOTE_SECS}
TestingV3AuthInitialVoteDelay ${DELAY_SECS}
TestingV3AuthInitialDistDelay ${DELAY_SECS}
V3AuthVotingInterval ${VOTE_SECS}
V3AuthVoteDelay ${DELAY_SECS}
V3AuthDistDelay ${DELAY_SECS}
TestingDirAuthVoteExit *
TestingDirAuthVoteHSDir *
TestingDirAuthVoteGuard *
TestingMinExitFlagThreshold 0
` : ''
    await writeFile(file, `${this.member}Nickname ${name}
DataDirectory ${directory}
Address 127.0.0.1
ORPort 127.0.0.1:${orPort}
DirPort 127.0.0.1:${dirPort}
SocksPort 0
AssumeReachable 1
ExitPolicy reject *:*
ContactInfo nobody@example.com
__OwningControllerProcess ${process.pid}
${asAuthority}`)
    this.#processes.push(spawn('tor', ['-f', file, '--quiet'], { stdio: 'ignore' }))
  }
}

/** Tells a tor process to close all its circuits, as when the relays on them go away. Resolves to how many there were. */
export async function closeCircuits (control: string): Promise<number> {
  const { connect } = await import('node:net')
  const socket = connect(control)
  socket.setEncoding('utf8')
  const ask = async (command: string, isWhole: RegExp): Promise<string> => {
    socket.write(`${command}\r\n`)
    let answer = ''
    while (!isWhole.test(answer)) answer += (await once(socket, 'data') as [string])[0]
    return answer
  }
  try {
    await ask('AUTHENTICATE', /^250 .*\r\n/m)
    const circuits = [...(await ask('GETINFO circuit-status', /^250 OK\r\n/m)).matchAll(/^(?:250[+-]circuit-status=)?(\d+) BUILT/gm)].map(([, id]) => id ?? '')
    for (const id of circuits) await ask(`CLOSECIRCUIT ${id}`, /^\d{3} .*\r\n/m)
    return circuits.length
  } finally {
    socket.destroy()
  }
}

async function newMember (network: string, name: string): Promise<Member> {
  const directory = join(network, name)
  await mkdir(join(directory, 'keys'), { recursive: true, mode: 0o700 })
  return { name, directory, orPort: await freePort(), dirPort: await freePort() }
}

interface AuthorityKeys extends Member {
  identity: string
  fingerprint: string
}

async function keysOf (authority: Member): Promise<AuthorityKeys> {
  const { directory, name, dirPort } = authority
  const keys = join(directory, 'keys')
  execFileSync('tor-gencert', [
    '--create-identity-key', '--passphrase-fd', '0', '-m', '12', '-a', `127.0.0.1:${dirPort}`,
    '-i', join(keys, 'authority_identity_key'), '-s', join(keys, 'authority_signing_key'), '-c', join(keys, 'authority_certificate')
  ], { input: '\n', stdio: ['pipe', 'ignore', 'ignore'] })
  const [, identity = ''] = /^fingerprint (\S+)/m.exec(await readFile(join(keys, 'authority_certificate'), 'utf8')) ?? []
  const empty = join(directory, 'none')
  await writeFile(empty, '')
  // It takes an authority, of whatever name, to say which key it has itself.
  const said = execFileSync('tor', [
    '--quiet', '-f', empty, '--list-fingerprint', '--orport', '1', '--datadirectory', directory, '--nickname', name, '--dirserver', `x 127.0.0.1:1 ${'F'.repeat(40)}`
  ], { encoding: 'utf8' })
  return { ...authority, identity, fingerprint: said.trim().split('\n').at(-1)?.replace(/^\S+\s/, '').replaceAll(' ', '') ?? '' }
}

/** What all of a network have in their settings. */
function memberOf ({ name, orPort, dirPort, identity, fingerprint }: AuthorityKeys): string {
  return `TestingTorNetwork 1\nDirAuthority ${name} orport=${orPort} no-v2 v3ident=${identity} 127.0.0.1:${dirPort} ${fingerprint}\n`
}
