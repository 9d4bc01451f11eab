/**
 * Bundles the explorer's page (web/) into dist/web: index.html, and one script, one style sheet and one icon with the hash of their content
 * in their names, so that browsers may keep them. Part of `npm run build`.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OUT = join(ROOT, 'dist/web')

rmSync(join(OUT, 'assets'), { recursive: true, force: true })
const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: [
    { in: 'web/main.tsx', out: 'explorer' },
    { in: 'web/styles/main.css', out: 'explorer' },
    { in: 'web/icon.svg', out: 'icon' }
  ],
  outdir: join(OUT, 'assets'),
  entryNames: '[name]-[hash]',
  tsconfig: 'web/tsconfig.json',
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  charset: 'utf8',
  legalComments: 'none',
  loader: { '.svg': 'copy' },
  metafile: true,
  logLevel: 'warning'
})

const assets = Object.keys(metafile.outputs).map(path => `assets/${basename(path)}`)
const named = ending => assets.find(path => path.endsWith(ending))
writeFileSync(join(OUT, 'index.html'), readFileSync(join(ROOT, 'web/index.html'), 'utf8')
  .replace('explorer.js', named('.js')).replace('explorer.css', named('.css')).replace('icon.svg', named('.svg')))
