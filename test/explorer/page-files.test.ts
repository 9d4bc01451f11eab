/** The page is served as it was built, from its folder and nowhere else, and a browser runs nothing in it but its own files. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ExplorerFixture } from '../support/explorer-server.js'

describe('the page of the explorer', () => {
  let folder: string
  let explorer: ExplorerFixture
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-page-'))
    await mkdir(join(folder, 'web/assets'), { recursive: true })
    await writeFile(join(folder, 'secret.txt'), 'hunter2')
    await symlink(join(folder, 'secret.txt'), join(folder, 'web/link.txt'))
    await writeFile(join(folder, 'web/index.html'), '<html>\n<head>\n<title>x</title></head></html>')
    await writeFile(join(folder, 'web/assets/explorer-ABCD1234.js'), 'let x')
    explorer = await new ExplorerFixture({ folder: join(folder, 'web') }).start()
  })
  after(async () => {
    await explorer.stop()
    await rm(folder, { recursive: true })
  })

  it('may load its own files alone, may not be framed, and is asked for anew each time', async () => {
    const { status, headers } = await explorer.get('/')
    expect(status).to.equal(200)
    const policy = headers.get('content-security-policy')!
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:", "frame-ancestors 'none'", "form-action 'none'"]) {
      expect(policy.split('; ')).to.include(rule)
    }
    expect(policy).to.not.match(/unsafe|\*|http/)
    expect(Object.fromEntries(headers)).to.include({
      'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer', 'cache-control': 'no-cache', 'content-type': 'text/html; charset=utf-8'
    })
    expect((await explorer.get('/', { 'if-none-match': headers.get('etag')! })).status).to.equal(304)
  })

  it('has files that browsers keep forever, by the hash in their names', async () => {
    const { text, headers } = await explorer.get('/assets/explorer-ABCD1234.js')
    expect(text).to.equal('let x')
    expect(Object.fromEntries(headers)).to.include({ 'cache-control': 'public, max-age=31536000, immutable', 'content-type': 'text/javascript; charset=utf-8' })
  })

  it('is also what a view of it leads to, with its files where they are', async () => {
    expect((await explorer.get('/packets')).text).to.include('<title>').and.not.include('<base')
    expect((await explorer.get('/peers/al%20ice')).text).to.include('<base href="../">')
    expect((await explorer.get('/assets/none-ABCD1234.js')).status).to.equal(404)
  })

  it('leads nowhere else', async () => {
    for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/%2e%2e%5csecret.txt', '/assets/..%2f..%2fsecret.txt', '/link.txt', '/%00', '/%', '//secret.txt']) {
      const { text } = await explorer.get(path)
      expect(text, path).to.not.include('hunter2')
    }
  })

  it('says so where it was not built', async () => {
    const bare = await new ExplorerFixture().start()
    const { status, text } = await bare.get('/')
    expect(status).to.equal(503)
    expect(text).to.include('npm run build')
    await bare.stop()
  })
})
