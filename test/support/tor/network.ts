/**
 * A Tor network on the loopback of this machine, for tests: three directory authorities and five relays, with the intervals of minutes that
 * real ones have cut to seconds. It takes about twenty seconds until onion services can be reached, so a file of tests starts one.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../examples/free-port.js'
import { eventually } from '../waiting.js'

/** Of three, the other two still agree on what the network is when one is away. */
const AUTHORITIES = ['authority1', 'authority2', 'authority3']
const RELAYS = ['relay1', 'relay2', 'relay3', 'relay4', 'relay5', 'relay6', 'relay7', 'relay8']
/** Tor asks that the delays of a vote fit twice into it. */
const VOTE_SECS = 10
const DELAY_SECS = 2
const BANDWIDTHS = 'bandwidths'

interface Member {
  name: string
  directory: string
  orPort: number
  dirPort: number
}

/** Tor, or its fork that the Anyone network is made of, and the program that makes the keys of its authorities. */
export interface OnionProgram {
  readonly name: string
  readonly binary: string
  readonly gencert: string
  /** What else each process has in its settings. */
  readonly settings: string
}

export const TOR: OnionProgram = { name: 'tor', binary: 'tor', gencert: 'tor-gencert', settings: '' }

/** Whether the programs are on this machine. Debian has both of TOR in its package `tor`. */
export function isThere ({ binary, gencert }: OnionProgram): boolean {
  return [binary, gencert].every(name => spawnSync(name, ['--version']).error === undefined)
}

export class TorNetwork {
  readonly #processes = new Map<string, ChildProcess>()

  private constructor (readonly directory: string, readonly program: OnionProgram, private readonly member: string) {}

  static async start (program: OnionProgram = TOR): Promise<TorNetwork> {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-tor-'))
    const authorities = await Promise.all(AUTHORITIES.map(async name => await keysOf(program, await newMember(directory, name))))
    const relays = await Promise.all(RELAYS.map(name => newMember(directory, name)))
    const network = new TorNetwork(directory, program, `TestingTorNetwork 1\n${program.settings}${authorities.map(lineOf).join('')}`)
    const members = [...authorities, ...relays]
    for (const member of members) await network.#run(member)
    await network.#measure(members)
    return network
  }

  /**
   * The settings of a client of this network, in a file of its own.
   * @param control where it takes commands, to lose its circuits
   */
  async clientSettings (name: string, control: string): Promise<string> {
    const file = join(this.directory, `${name}.torrc`)
    await writeFile(file, `${this.member}ControlPort unix:${control}\nCookieAuthentication 0\nVanguardsLiteEnabled 0\nShutdownWaitLength 0\n`)
    return file
  }

  /** Kills a relay or an authority, as when its machine loses its power. It does not come back. */
  async kill (name: string): Promise<void> {
    const child = this.#processes.get(name)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  async stop (): Promise<void> {
    await Promise.all([...this.#processes.keys()].map(name => this.kill(name)))
    await rm(this.directory, { recursive: true, force: true })
  }

  /** Lets the authorities believe that all are equally fast. Else clients go by the few that have carried most, and are lost with these. */
  async #measure (members: readonly Member[]): Promise<void> {
    const fingerprints = await Promise.all(members.map(async ({ name, directory }) => await eventually(`${name} says who it is`, async () =>
      /^\S+ (\w{40})$/m.exec(await readFile(join(directory, 'fingerprint'), 'utf8').catch(() => ''))?.[1])))
    const lines = [Math.floor(Date.now() / 1000), ...fingerprints.map(fingerprint => `node_id=$${fingerprint} bw=1000`)]
    await writeFile(join(this.directory, BANDWIDTHS), `${lines.join('\n')}\n`)
  }

  async #run (member: Member): Promise<void> {
    const { name, directory, orPort, dirPort } = member
    const file = join(directory, 'torrc')
    const asAuthority = AUTHORITIES.includes(name) ? `AuthoritativeDirectory 1
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
V3BandwidthsFile ${join(this.directory, BANDWIDTHS)}
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
    this.#processes.set(name, spawn(this.program.binary, ['-f', file, '--quiet'], { stdio: 'ignore' }))
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

async function keysOf ({ binary, gencert, settings }: OnionProgram, authority: Member): Promise<AuthorityKeys> {
  const { directory, name, dirPort } = authority
  const keys = join(directory, 'keys')
  const made = spawn(gencert, [
    '--create-identity-key', '--passphrase-fd', '0', '-m', '12', '-a', `127.0.0.1:${dirPort}`,
    '-i', join(keys, 'authority_identity_key'), '-s', join(keys, 'authority_signing_key'), '-c', join(keys, 'authority_certificate')
  ], { stdio: ['pipe', 'ignore', 'ignore'] })
  made.stdin.end('\n')
  await once(made, 'exit')
  const [, identity = ''] = /^fingerprint (\S+)/m.exec(await readFile(join(keys, 'authority_certificate'), 'utf8')) ?? []
  const file = join(directory, 'none')
  await writeFile(file, settings)
  // It takes an authority, of whatever name, to say which key it has itself.
  const said = execFileSync(binary, [
    '--quiet', '-f', file, '--list-fingerprint', '--orport', '1', '--datadirectory', directory, '--nickname', name, '--dirserver', `x 127.0.0.1:1 ${'F'.repeat(40)}`
  ], { encoding: 'utf8' })
  return { ...authority, identity, fingerprint: said.trim().split('\n').at(-1)?.replace(/^\S+\s/, '').replaceAll(' ', '') ?? '' }
}

/** What all of a network have in their settings of an authority. */
function lineOf ({ name, orPort, dirPort, identity, fingerprint }: AuthorityKeys): string {
  return `DirAuthority ${name} orport=${orPort} no-v2 v3ident=${identity} 127.0.0.1:${dirPort} ${fingerprint}\n`
}
