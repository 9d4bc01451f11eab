/** A log that nobody reads. */
import type { Logger } from '../../../src/contracts/logger.js'

const nothing = (): void => {}

export const silentLogger: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing, trace: nothing, debugEnabled: false }
