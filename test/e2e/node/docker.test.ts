/**
 * The files for Docker, without Docker: what they name exists and fits together, they keep their promises of security, and the command of
 * the image does, as a process, what the documents say that the containers do.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { address } from '@solana/kit'
import { expect } from 'chai'
import { parse } from 'yaml'
import { anvilBinary } from '../../../examples/anvil.js'
import { freePort } from '../../../examples/free-port.js'
import { ConfigLoader } from '../../../src/index.js'
import type { NodeConfig } from '../../../src/contracts/node.js'
import { run } from '../../support/node/processes.js'
import { ROOT, World } from '../../support/node.js'

interface Service {
  image: string
  build?: string | { context: string, args: Record<string, string> }
  profiles?: string[]
  entrypoint?: string[]
  user?: string
  restart: string
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  environment?: Record<string, string | number>
  volumes?: string[]
  ports?: string[]
  networks?: string[] | Record<string, { ipv4_address: string }>
  command?: string[]
  healthcheck?: { test: string[] }
  depends_on?: Record<string, { condition: string }>
}

interface Compose {
  services: Record<string, Service>
  volumes?: Record<string, unknown>
  networks?: Record<string, unknown>
}

const FILES = ['docker-compose.yml', 'docker-compose.prod.yml', ...readdirSync(join(ROOT, 'docker')).filter(name => name.endsWith('.yml')).map(name => `docker/${name}`)]
const MAIN = fileURLToPath(new URL('../../../src/commands/cli/main.js', import.meta.url))
/** An image of others for development that runs several servers of its own: a network of Mina. */
const RULES_ITSELF = 'mina'
/** Where images find things. */
const IN_BUILD = /^dist\/src\/(.*)\.js$/

const composeOf = (file: string): Compose => parse(readFileSync(join(ROOT, file), 'utf8'), { merge: true }) as Compose
const dockerfileOf = (folder: string): string => readFileSync(join(ROOT, folder, 'Dockerfile'), 'utf8')

/** `${NAME:-default}` as Docker fills it in when nothing is set. */
const filled = (value: string | number): string => String(value).replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')

/** The folder that an image is made from. */
const contextOf = ({ build }: Service): string | undefined => typeof build === 'object' ? build.context : build
const networksOf = ({ networks = [] }: Service): string[] => Array.isArray(networks) ? networks : Object.keys(networks)

function environmentOf ({ environment = {} }: Service): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filled(value)]))
}

/** The configuration as the container reads it. */
function configOf (file: string, service: Service): NodeConfig {
  const mount = service.volumes?.find(volume => volume.includes(':/app/config.yaml'))
  return ConfigLoader.read(join(ROOT, dirname(file), mount!.split(':')[0]!), environmentOf(service)).config
}

describe('the files for Docker', () => {
  const world = new World()
  afterEach(() => world.end())

  it('are there under the names that the documents print', () => {
    expect(FILES).to.include.members([
      'docker-compose.yml', 'docker-compose.prod.yml', 'docker/docker-compose.linear.yml', 'docker/docker-compose.mesh.yml',
      'docker/docker-compose.hub-spoke.yml', 'docker/docker-compose.custom-template.yml'
    ])
  })

  for (const file of FILES) {
    describe(file, () => {
      const { services, volumes = {}, networks = {} } = composeOf(file)
      const connectors = Object.entries(services).filter(([, { image }]) => image === 'connector')

      for (const [name, service] of Object.entries(services)) {
        it(`${name} refers only to what exists`, () => {
          const build = contextOf(service)
          if (build !== undefined) expect(existsSync(join(ROOT, dirname(file), build, 'Dockerfile'))).to.equal(true)
          for (const volume of service.volumes ?? []) {
            const [source = '', , mode] = volume.split(':')
            if (source.startsWith('.')) expect([existsSync(join(ROOT, dirname(file), source)), mode], volume).to.deep.equal([true, 'ro'])
            else expect(volumes).to.have.property(source)
          }
          for (const network of networksOf(service)) expect(networks).to.have.property(network)
          for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
            expect(services).to.have.property(other)
            expect(condition).to.equal('service_healthy')
          }
          const checked = service.healthcheck !== undefined || (build !== undefined && dockerfileOf(join(dirname(file), build)).includes('HEALTHCHECK'))
          expect(checked, 'has a health check').to.equal(true)
        })

        it(`${name} ${name === RULES_ITSELF ? '' : 'is not root, writes only its data, '}comes back, and is published on this machine alone`, () => {
          for (const port of service.ports ?? []) expect(port).to.match(/^127\.0\.0\.1:(\d+):\1$/)
          expect(service).to.include({ restart: 'unless-stopped' })
          if (name === RULES_ITSELF) return
          expect(service).to.include({ read_only: true })
          expect(service.cap_drop).to.deep.equal(['ALL'])
          expect(service.security_opt).to.include('no-new-privileges:true')
          const build = contextOf(service)
          if (build === undefined) expect(service.user).to.match(/^(node|foundry|1000:1000)$/)
          else expect(dockerfileOf(join(dirname(file), build))).to.match(/^USER (?!root|0)\w+$/m)
        })
      }

      it('gives each connector a configuration that is right, and a health check on its port', () => {
        for (const [name, service] of connectors) {
          const config = configOf(file, service)
          const { btpServerPort, healthCheckPort, adminApi, explorer } = config
          if (name !== 'connector') expect(config.nodeId).to.equal(name)
          expect(healthCheckPort).to.equal(Number(service.environment?.HEALTH_CHECK_PORT ?? 8080))
          const published = (service.ports ?? []).map(port => Number(port.split(':').at(-1)))
          expect([btpServerPort, healthCheckPort, adminApi.port, explorer.port]).to.include.members(published)
          if (published.includes(explorer.port)) expect(explorer.host, 'is reached from outside of the container').to.equal('0.0.0.0')
          expect(config.dataPath).to.equal('./data') // /app/data in the image, where the volume is
          expect(service.volumes?.some(volume => volume.endsWith(':/app/data'))).to.equal(true)
        }
      })

      it('lets connectors dial each other by the names and ports of their services', () => {
        for (const [, service] of connectors) {
          for (const { id, url } of configOf(file, service).peers) {
            expect(services, id).to.have.property(id)
            expect(url).to.equal(`ws://${id}:${configOf(file, services[id]!).btpServerPort}`)
          }
        }
      })
    })
  }

  it('start nothing for development unless it is asked for by its profile, with all that it needs', () => {
    const { services } = composeOf('docker-compose.yml')
    const byProfile: Record<string, string[]> = {}
    for (const [name, { profiles = ['none'], depends_on: needs = {} }] of Object.entries(services)) {
      for (const profile of profiles) (byProfile[profile] ??= []).push(name)
      for (const other of Object.keys(needs)) expect(services[other]?.profiles, `${name} needs ${other}`).to.deep.equal(services[name]?.profiles)
    }
    expect(byProfile).to.deep.equal({
      none: ['connector-a', 'connector-b', 'connector-c', 'tigerbeetle'],
      evm: ['anvil', 'faucet'],
      solana: ['solana'],
      mina: ['mina'],
      'standalone-e2e': ['standalone', 'standalone-bls'],
      'standalone-allowlist': ['allowlist', 'allowlist-bls'],
      'standalone-ator-public': ['ator-public', 'ator-public-bls']
    })
  })

  it('give money away on the chain that the profile evm starts, with the package that it needs', async () => {
    const { anvil, faucet } = composeOf('docker-compose.yml').services
    const { peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { peerDependencies: Record<string, string> }
    expect(faucet!.build).to.deep.include({ args: { EXTRAS: `ethers@${peerDependencies.ethers!.replace('^', '')}` } })
    const [chain, port] = [await freePort(), await freePort()]
    const [program = '', ...args] = anvil!.entrypoint!
    expect([program, ...args]).to.include.members(['anvil', '0.0.0.0', '8545'])
    const app = await world.directory()
    const atHome = args.map(arg => arg === '0.0.0.0' ? '127.0.0.1' : arg === '8545' ? String(chain) : arg)
    await run(world, anvilBinary(), atHome, app, {}).says('Listening on')
    const env = { ...environmentOf(faucet!), RPC_URL: `http://127.0.0.1:${chain}`, FAUCET_PORT: String(port), FAUCET_HOST: '127.0.0.1' }
    await run(world, process.execPath, [MAIN, ...faucet!.command!.slice(2)], app, env).says('The faucet of evm:31337')
    const [, , , check = ''] = faucet!.healthcheck!.test
    expect(await run(world, process.execPath, ['-e', check.replace('3500', String(port))], app, {}).ended).to.equal(0)
    const answer = await fetch(`http://127.0.0.1:${port}/api/request`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ address: `0x${'12'.repeat(20)}` })
    })
    expect(await answer.json()).to.deep.include({ success: true })
  }).timeout(30_000)

  it('have the program of channels on the chain that the profile solana starts, where the documents say', () => {
    const { entrypoint = [], volumes = [] } = composeOf('docker-compose.yml').services.solana!
    const [, id = '', path, authority] = entrypoint.slice(entrypoint.indexOf('--upgradeable-program'))
    const [source = '', mountedAt] = volumes[0]!.split(':')
    expect([authority, mountedAt]).to.deep.equal(['none', path])
    expect(existsSync(join(ROOT, source))).to.equal(true)
    expect(address(id)).to.equal(id) // which is one of Solana
    expect(readFileSync(join(ROOT, 'docs/node.md'), 'utf8')).to.include(id)
  })

  it('let the server of the profile standalone-allowlist reach the admin API, and nobody else', () => {
    const { services } = composeOf('docker-compose.yml')
    const addressIn = ({ networks }: Service): string | undefined =>
      Array.isArray(networks) ? undefined : networks?.allowlist_net?.ipv4_address
    const { adminApi, localDelivery } = configOf('docker-compose.yml', services.allowlist!)
    expect(adminApi.allowedIPs).to.deep.equal([addressIn(services['allowlist-bls']!)])
    for (const name of ['standalone', 'allowlist', 'ator-public']) {
      const config = configOf('docker-compose.yml', services[name]!)
      const bls = environmentOf(services[`${name}-bls`]!)
      expect(config.localDelivery.handlerUrl).to.equal(`http://${name}-bls:${bls.PORT ?? ''}`)
      expect(bls.CONNECTOR_ADMIN_URL).to.equal(`http://${name}:${config.adminApi.port}`)
      expect(config.adminApi.allowedHosts).to.deep.equal([name])
      expect(services[name]!.ports).to.equal(undefined)
    }
    expect(localDelivery.enabled).to.equal(true)
  })

  it('let the profile standalone-ator-public dial through a public proxy of the Anyone network alone, and be dialled by nobody', () => {
    const config = configOf('docker-compose.yml', composeOf('docker-compose.yml').services['ator-public']!)
    expect(config.transport).to.deep.include({ type: 'socks5', proxy: 'socks5h://5.78.181.0:9052', managed: undefined })
    expect(config.btpServerHost).to.equal('127.0.0.1')
  })

  it('keep the balances of docker-compose.yml in the TigerBeetle that it starts', () => {
    const { services } = composeOf('docker-compose.yml')
    const { tigerbeetle } = services
    for (const name of ['connector-a', 'connector-b', 'connector-c']) {
      const { ledger } = configOf('docker-compose.yml', services[name]!)
      expect(ledger).to.deep.include({ type: 'tigerbeetle', clusterId: filled(tigerbeetle!.environment!.CLUSTER_ID!), replicas: ['tigerbeetle:3000'] })
    }
    expect(tigerbeetle!.ports).to.equal(undefined)
    expect(dockerfileOf('docker/tigerbeetle')).to.include('EXPOSE 3000')
    const { peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { peerDependencies: Record<string, string> }
    const version = peerDependencies['tigerbeetle-node']!.replace('^', '')
    expect(dockerfileOf('docker/tigerbeetle')).to.include(`tigerbeetle:${version}`)
    expect(dockerfileOf('.')).to.include(`tigerbeetle-node@${version}`)
  })

  it('format the data file of TigerBeetle once', async () => {
    const folder = await world.directory()
    await writeFile(join(folder, 'tigerbeetle'), '#!/bin/sh\necho "$@"\n[ "$1" = format ] && : > "$5" || true\n')
    await chmod(join(folder, 'tigerbeetle'), 0o755)
    const file = join(folder, '0_0.tigerbeetle')
    const outputs: string[] = []
    for (let start = 0; start < 2; start++) {
      const program = run(world, '/bin/sh', [join(ROOT, 'docker/tigerbeetle/start.sh')], folder, { PATH: `${folder}:${process.env.PATH ?? ''}`, DATA_FILE: file })
      expect(await program.ended, program.output()).to.equal(0)
      outputs.push(program.output())
    }
    expect(outputs).to.deep.equal([
      `format --cluster=0 --replica=0 --replica-count=1 ${file}.new\nstart --addresses=0.0.0.0:3000 ${file}\n`,
      `start --addresses=0.0.0.0:3000 ${file}\n`
    ])
  })

  it('make an image that runs the connector as "node" from what the build makes, and exposes no admin API', () => {
    const text = dockerfileOf('.')
    const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(text) ?? []
    const [program, script = '', ...args] = JSON.parse(command) as string[]
    expect([program, ...args]).to.deep.equal(['node', 'start'])
    expect(existsSync(join(ROOT, `src/${IN_BUILD.exec(script)![1]!}.ts`))).to.equal(true)
    expect(text).to.include('USER node\n').and.to.include('EXPOSE 3000 3001 8080\n')
    for (const [, folder = ''] of text.matchAll(/^COPY --from=build \/app\/dist\/(\w+) /gm)) expect(existsSync(join(ROOT, folder)), folder).to.equal(true)
    const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] }
    const folders = files.filter(name => /^dist\/(?!test)/.test(name)).map(name => name.split('/', 2).join('/'))
    for (const folder of folders) expect(text).to.include(`COPY --from=build /app/${folder} ./${folder}\n`)
  })

  it('make an image in which the daemon runs, too, configured by its variables alone', async () => {
    const command = /docker run (.*\n.*)\n/.exec(await readFile(join(ROOT, 'docs/node.md'), 'utf8'))![1]!
    const env = Object.fromEntries([...command.matchAll(/-e (\w+)='?([^' ]*)/g)].map(([, name = '', value = '']) => [name, value]))
    const script = /connector node dist\/(src\/\w+)\.js$/.exec(command)![1]!
    const [, path = ''] = /^ENV CONNECTOR_STORE_PATH=\/app\/(data\/\w+)$/m.exec(dockerfileOf('.'))!
    const app = await world.directory()
    await mkdir(join(app, 'data'))
    const main = fileURLToPath(new URL(`../../../${script}.js`, import.meta.url))
    const daemon = run(world, process.execPath, [main], app, { ...env, CONNECTOR_BACKEND: 'one-to-one', CONNECTOR_STORE_PATH: join(app, path) })
    await daemon.says('connector ready (republic attitude). address=test.me')
    daemon.kill('SIGTERM')
    expect(await daemon.ended, daemon.output()).to.equal(0)
    expect(existsSync(join(app, path, 'CURRENT'))).to.equal(true)
  }).timeout(30_000)

  it('run the production pair as the documents tell: the server reaches the admin API, and nobody else does', async () => {
    const { services: { connector, bls } } = composeOf('docker-compose.prod.yml')
    expect([connector!.ports, bls!.ports]).to.deep.equal([undefined, ['127.0.0.1:3100:3100']])
    expect(connector!.networks).to.deep.equal(bls!.networks)
    expect(ConfigLoader.read(join(ROOT, 'config/connector.prod.yaml'), {})).to.deep.include({ warnings: [] })

    const [btp, health, admin, server] = [await freePort(), await freePort(), await freePort(), await freePort()]
    const places: Record<string, string> = { 'http://bls:3100': `http://127.0.0.1:${server}`, 'http://connector:8081': `http://127.0.0.1:${admin}` }
    const app = await world.directory()
    const text = await readFile(join(ROOT, 'config/connector.prod.yaml'), 'utf8')
    const local = text.replace('http://bls:3100', places['http://bls:3100']!).replace('btpServerPort: 3000', `btpServerPort: ${btp}`)
      .replace('port: 8081', `port: ${admin}`).replace('    - 192.168.0.0/16\n', '    - 127.0.0.1\n')
    await writeFile(join(app, 'config.yaml'), local)
    await mkdir(join(app, 'data'))
    const node = run(world, process.execPath, [MAIN, 'start'], app, { ...environmentOf(connector!), CONFIG_FILE: join(app, 'config.yaml'), HEALTH_CHECK_PORT: String(health) })
    await node.says('connector_ready')

    const [, , , check = ''] = /HEALTHCHECK[^\n]*\\\n\s*CMD \["(node)", "(-e)", "(.*)"\]/.exec(dockerfileOf('.')) ?? []
    expect(await run(world, process.execPath, ['-e', check], app, { HEALTH_CHECK_PORT: String(health) }).ended).to.equal(0)
    expect(await run(world, process.execPath, ['-e', check], app, { HEALTH_CHECK_PORT: String(await freePort()) }).ended).to.equal(1)

    const [, script = ''] = bls!.command!
    const [mount = ''] = bls!.volumes!.find(volume => volume.includes(`:${script}:`))!.split(':')
    const env = Object.fromEntries(Object.entries(environmentOf(bls!)).map(([name, value]) => [name, places[value] ?? value]))
    await run(world, process.execPath, [join(ROOT, mount)], app, { ...env, PORT: String(server) }).says('business logic server on')
    expect((await fetch(`http://127.0.0.1:${server}/health`)).status).to.equal(200)
    const sent = await fetch(`http://127.0.0.1:${server}/trigger-admin-send`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ destination: 'test.prod-connector.self', amount: '0' })
    })
    expect(await sent.json()).to.include({ accepted: false, code: 'F02', message: 'No route to destination: test.prod-connector.self' })
    // The health port of production has no admin API on it, as that of development has.
    expect((await fetch(`http://127.0.0.1:${health}/admin/peers`)).status).to.equal(404)
  }).timeout(30_000)
})
