/** How a process of ours ends: with which code, and without waiting for what never returns. */
import { codeOf, type ErrorCode } from '../contracts/errors.js'

/** EX_CONFIG of sysexits.h: another try without a change of the configuration ends in the same way, and a supervisor should make none. */
export const EX_CONFIG = 78

const OF_CONFIGURATION: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>([
  'SLUICE_CONFIG_INVALID', 'SLUICE_MODULE_NOT_FOUND', 'SLUICE_MODULE_UNUSABLE', 'SLUICE_NO_ADDRESS', 'SLUICE_NODE_RENAMED', 'SLUICE_API_UNPROTECTED',
  'SLUICE_API_KEY_UNUSABLE', 'SLUICE_ACCOUNT_UNSETTLED'
])

/** The exit code for an error that nothing has caught. */
export function exitCodeOf (error: unknown): 1 | typeof EX_CONFIG {
  return OF_CONFIGURATION.has(codeOf(error)) ? EX_CONFIG : 1
}

/**
 * Ends this process. `process.exit` waits for the threads with calls to the file system, and one to a disk that is gone may never return:
 * then the process ends by the signal instead.
 */
export function endProcess (code: number, signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): void {
  setImmediate(() => { // a call whose failure has led here is over then
    if (process.getActiveResourcesInfo().some(resource => resource.startsWith('FSReq'))) {
      process.removeAllListeners(signal)
      process.kill(process.pid, signal)
    }
    process.exit(code)
  })
}
