/**
 * Mocha loads this before all tests: a property that fails then says why in its message. Left to itself, fast-check keeps the reason as the
 * `cause` of its error, which gets lost between the processes of `mocha --parallel`.
 */
import fc from 'fast-check'

fc.configureGlobal({ ...fc.readConfigureGlobal(), includeErrorInReport: true })
