/** Programs of others, as a compiler sees them: what it says of each against the types of this build, strictly. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { ROOT, type World } from './node.js'

/** The declarations of this build. */
const TYPES = fileURLToPath(new URL('../../src/index.d.ts', import.meta.url))

/**
 * The complaints about each block, one line each; none where it is right. All at once: most of the work is to read the types.
 * @param elsewhere declarations of what the blocks take from other packages
 */
export async function complaintsAbout (world: World, blocks: ReadonlyMap<string, string>, elsewhere = ''): Promise<Map<string, string[]>> {
  const directory = await world.directory()
  const declarations = join(directory, 'elsewhere.d.ts')
  const fileOf = (name: string): string => join(directory, `${name}.mts`)
  await writeFile(declarations, elsewhere)
  for (const [name, block] of blocks) await writeFile(fileOf(name), `${block}\nexport {}\n`)
  const program = ts.createProgram([declarations, ...[...blocks.keys()].map(fileOf)], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    paths: { '@crosstown/connector': [TYPES], '@toon-protocol/connector': [TYPES] }
  })
  const found = ts.getPreEmitDiagnostics(program)
  return new Map([...blocks.keys()].map(name => [name, found.filter(({ file }) => file?.fileName === fileOf(name) || file === undefined)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))]))
}
