/** Says in one line why a module that was found cannot be loaded, and where in its files. */
import { describeError } from '../lib/describe-error.js'

/** What Node says of import and export in a file that it takes for CommonJS. */
const ES_MODULE = /^Unexpected token 'export'$|^Cannot use import statement outside a module$/
const NAMED_AS_COMMON_JS = 'It is an ES module: name it .mjs, or write "type": "module" into the package.json beside it.'

export function describeLoadError (error: unknown): string {
  const { code, requireStack } = Object(error) as { code?: string, requireStack?: string[] }
  if (code === 'ERR_REQUIRE_ASYNC_MODULE') return 'it uses await at its top level, which a module loaded by name cannot.'
  const [reason = ''] = describeError(error).split('\n')
  const advice = error instanceof SyntaxError && ES_MODULE.test(reason) ? ` ${NAMED_AS_COMMON_JS}` : ''
  // The stack of a missing dependency shows Node's own files, its require stack the one that asked.
  const place = requireStack?.[0] ?? placeOf(error)
  return place === undefined ? `${reason}.${advice}` : `${reason} at ${place}.${advice}`
}

/** File and line: at the head of a syntax error's stack, in the first frame that is not Node's own otherwise. */
function placeOf (error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const lines = (error.stack ?? '').split('\n')
  if (error instanceof SyntaxError) return /^(?:file:\/\/)?(\/.*:\d+)$/.exec(lines[0] ?? '')?.[1]
  const frames = lines.map(line => /^ +at (?:.*\()?(?:file:\/\/)?(\/.*:\d+:\d+)\)?$/.exec(line)?.[1])
  return frames.find(frame => frame !== undefined)
}
