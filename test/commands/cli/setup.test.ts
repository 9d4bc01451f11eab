/** `connector setup` writes what `connector validate` and `connector start` take, and never over what is there without being told to. */
import { chmod, lstat, readFile, readdir, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { Workplace } from '../../support/cli.js'

describe('connector setup', () => {
  let place: Workplace
  beforeEach(async () => { place = await Workplace.make() })
  afterEach(() => place.remove())
  const text = (name: string): Promise<string> => readFile(join(place.path, name), 'utf8')
  const yaml = async (name: string): Promise<unknown> => parse(await text(name)) as unknown

  it('writes a valid configuration with --yes, and says what to do next', async () => {
    const { code, out, err } = await place.run(['setup', '--yes'])
    expect([code, err]).to.deep.equal([0, ''])
    expect(out).to.match(/g\.connector-[0-9a-f]{8}/).and.to.contain('connector start')
    expect(await yaml('config.yaml')).to.deep.include({ btpServerPort: 4000, healthCheckPort: 8080, logLevel: 'info', peers: [], routes: [] })
    for (const file of ['config.yaml', '.env']) expect(await place.run(['validate', file]), file).to.include({ code: 0 })
  })

  it('makes a new key every time, readable by its owner alone, and keeps it out of config.yaml and the terminal', async () => {
    const { out } = await place.run(['setup', '--yes'])
    const key = /^ADMIN_API_KEY=([0-9a-f]{64})$/m.exec(await text('.env'))?.[1]
    expect(key).to.not.equal(undefined)
    expect(await text('config.yaml')).to.contain('${ADMIN_API_KEY}').and.to.not.contain(key)
    expect(out).to.not.contain(key)
    expect((await stat(join(place.path, '.env'))).mode & 0o777).to.equal(0o600)
    await place.run(['setup', '--yes', '--force'])
    expect(await text('.env')).to.not.contain(key)
  })

  it('keeps the key from others also where a file is that they can read, or a link to one', async () => {
    await place.write('.env', 'MINE=1\n')
    await chmod(join(place.path, '.env'), 0o644)
    expect((await place.run(['setup', '--yes', '--force'])).code).to.equal(0)
    expect((await stat(join(place.path, '.env'))).mode & 0o777).to.equal(0o600)
    await place.write('theirs', 'THEIRS=1\n')
    await symlink('theirs', join(place.path, 'link.env'))
    expect((await place.run(['setup', '--yes', '--force', '--output', 'link.env'])).code).to.equal(0)
    const written = await lstat(join(place.path, 'link.env'))
    expect([written.isSymbolicLink(), written.mode & 0o777]).to.deep.equal([false, 0o600])
    expect(await text('theirs')).to.equal('THEIRS=1\n')
    expect((await readdir(place.path)).sort()).to.deep.equal(['.env', 'config.yaml', 'link.env', 'theirs'])
  })

  it('takes answers from --set, and other file names', async () => {
    const { code, out } = await place.run([
      'setup', '-y', '--json', '-c', 'node.yaml', '-o', 'node.env', '--set', 'nodeId=alice', '--set', 'btpPort=4001', '--set', 'healthCheckPort=9080',
      '--set', 'adminPort=9081', '--set', 'handlerUrl=http://localhost:3100/bls', '--set', 'logLevel=debug'
    ])
    expect([code, JSON.parse(out)]).to.deep.equal([0, { nodeId: 'alice', config: 'node.yaml', env: 'node.env' }])
    expect(await yaml('node.yaml')).to.deep.equal({
      nodeId: 'alice',
      btpServerPort: 4001,
      healthCheckPort: 9080,
      logLevel: 'debug',
      deploymentMode: 'standalone',
      localDelivery: { enabled: true, handlerUrl: 'http://localhost:3100/bls' },
      adminApi: { enabled: true, host: '127.0.0.1', port: 9081, apiKey: '${ADMIN_API_KEY}' },
      peers: [],
      routes: []
    })
  })

  it('asks, takes Enter for the default, and asks again when an answer is none', async () => {
    const { code, out, err } = await place.run(['setup'], { input: 'not a name\nbob\n\n99999\n9080\n\n\nloud\nwarn\n\n' })
    expect([code, err]).to.deep.equal([0, [
      'expected letters, digits, - and _, found "not a name"',
      'expected a port from 1 to 65535, found "99999"',
      'expected debug, info, warn, error, found "loud"', ''
    ].join('\n')])
    expect(out).to.contain('Port for peers (BTP) [4000]: ')
    expect(await yaml('config.yaml')).to.deep.include({ nodeId: 'bob', btpServerPort: 4000, healthCheckPort: 9080, logLevel: 'warn' })
  })

  const KEY = `0x${'1'.repeat(64)}`
  const [REGISTRY, TOKEN] = [`0x${'2'.repeat(40)}`, `0x${'3'.repeat(40)}`]
  const SEED = 'sEdTM1uX8pu2do5XvTnutH6HsouMaM2'
  const MINT = 'So11111111111111111111111111111111111111112'
  const MINA_KEY = 'EKENJg7tp9W4aS27cft56DCTXjD7QF4aoRHiN9sFEE18wuCagW83'
  const chains: Array<[string, Record<string, string>, string]> = [
    ['evm', { chainId: 'evm:8453', rpcUrl: 'https://base.example/key-of-mine', registryAddress: REGISTRY, tokenAddress: TOKEN, keyId: KEY }, 'evmAddress'],
    ['xrp', { chainId: 'xrp:testnet', rpcUrl: 'wss://s.altnet.rippletest.net:51233', keyId: SEED }, 'xrpAddress'],
    ['solana', { chainId: 'solana:devnet', rpcUrl: 'https://api.devnet.solana.com', programId: MINT, tokenMint: MINT, keyId: './keypair.json' }, 'solanaAddress'],
    ['mina', { chainId: 'mina:devnet', graphqlUrl: 'https://mina.example/key-of-mine', keyId: MINA_KEY }, 'minaAddress'],
    ['aptos', { chainId: 'aptos:testnet', rpcUrl: 'https://api.testnet.aptoslabs.com/v1', moduleAddress: '0x511ce', tokenAddress: '0xa', keyId: KEY }, 'aptosAddress']
  ]
  for (const [type, answers, peerField] of chains) {
    it(`asks about ${type} as the chain to settle on, and writes what starts, with the secrets in .env alone`, async () => {
      const { code, out, err } = await place.run(['setup'], { input: ['bob', '', '', '', '', '', type, ...Object.values(answers), ''].join('\n') })
      expect([code, err]).to.deep.equal([0, ''])
      const urlField = type === 'mina' ? 'graphqlUrl' : 'rpcUrl'
      const { [urlField]: rpcUrl = '', keyId = '', ...plain } = answers
      const secrets = { [urlField]: '${CHAIN_RPC_URL}', keyId: '${CHAIN_KEY}' }
      expect(await yaml('config.yaml')).to.deep.include({ chainProviders: [{ chainType: type, ...plain, ...secrets }] })
      for (const secret of [rpcUrl, keyId]) expect(await text('config.yaml')).to.not.contain(secret)
      expect(out).to.not.contain(keyId)
      expect(await text('.env')).to.contain(`\nCHAIN_RPC_URL=${rpcUrl}\nCHAIN_KEY=${keyId}\n`)
      expect(await text('config.yaml'), 'the comment about peers').to.contain(`#       ${peerField}: `)
      expect(await place.run(['validate', 'config.yaml'])).to.include({ code: 0 })
    })
  }

  it('leaves the key of a chain to be filled in, and says so', async () => {
    const { code, out } = await place.run(['setup', '--yes', '--set', 'settlement=xrp'])
    expect(code).to.equal(0)
    expect(out).to.contain('put CHAIN_KEY into .env')
    const checked = await place.run(['validate', 'config.yaml'])
    expect(checked.code).to.equal(1)
    expect(checked.out + checked.err).to.contain('CHAIN_KEY is set to nothing')
  })

  it('asks again when an answer about a chain is none, and does not repeat a secret', async () => {
    const { code, err } = await place.run(['setup'], { input: ['bob', '', '', '', '', '', 'xrp', 'xrp:x y', '', '', 'not-my-seed', SEED, ''].join('\n') })
    expect(code).to.equal(0)
    expect(err).to.match(/^found "xrp:x y", expected a chain such as xrp:mainnet.*\nfound a string, expected the seed of an account.*\n$/)
  })

  it('writes nothing when the answers end early', async () => {
    const { code, err } = await place.run(['setup'], { input: 'bob\n4001\n' })
    expect([code, err]).to.deep.equal([1, '\nStopped. Nothing was changed.\n'])
    expect((await place.run(['validate', 'config.yaml'])).err).to.contain('File not found')
  })

  it('never writes over a file without being told to', async () => {
    await place.write('.env', 'MINE=1\n')
    expect(await place.run(['setup', '--yes'])).to.deep.equal({ code: 1, out: '', err: 'Already exists: .env. Nothing was changed. To overwrite, add --force.\n' })
    expect(await place.run(['setup'], { input: '\n' })).to.include({ code: 1, err: 'Nothing was changed.\n' })
    expect(await text('.env')).to.equal('MINE=1\n')
    expect((await place.run(['setup'], { input: 'yes\ncarol\n\n\n\n\n\n\n' })).code).to.equal(0)
    expect(await yaml('config.yaml')).to.include({ nodeId: 'carol' })
  })

  const refused: Array<[string[], string]> = [
    [['--set', 'nodeID=a'], '--set takes <name>=<value> with one of nodeId, btpPort, healthCheckPort, adminPort, handlerUrl, logLevel, settlement, or what is asked about a chain; found nodeID=a'],
    [['--set', 'nodeId'], 'found nodeId'],
    [['--set', '__proto__=a'], 'found __proto__=a'],
    [['--set', 'btpPort=0'], '--set btpPort: expected a port from 1 to 65535, found "0"'],
    [['--set', 'handlerUrl=ftp://x'], '--set handlerUrl: expected an http:// or https:// URL, found "ftp://x"'],
    [['--set', 'settlement=btc'], '--set settlement: expected none, aptos, evm, mina, solana, xrp, found "btc"'],
    [['--set', 'programId=x'], '--set programId belongs to another chain than none'],
    [['--set', 'settlement=xrp', '--set', 'tokenMint=x'], '--set tokenMint belongs to another chain than xrp'],
    [['--set', 'settlement=evm'], '--yes needs an answer to "Address of the registry of channels (0x...)": add --set registryAddress=<value>.'],
    [['--set', 'settlement=evm', '--set', 'registryAddress=0x1'], '--set registryAddress: found "0x1", expected 0x and 40 hexadecimal digits'],
    [['--set', 'btpPort=8080'], 'Configuration error: healthCheckPort: port 8080 is also that of btpServerPort']
  ]
  for (const [args, message] of refused) {
    it(`refuses ${args.join(' ')}, and writes nothing`, async () => {
      const { code, err } = await place.run(['setup', '--yes', ...args])
      expect(code).to.equal(1)
      expect(err).to.contain(message)
      expect((await place.run(['validate', 'config.yaml'])).err).to.contain('File not found')
    })
  }
})
