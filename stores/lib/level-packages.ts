/** Three CommonJS packages whose typings describe a default export that they do not have: the function is the module itself. */
import encodingDown from 'encoding-down'
import leveldownModule from 'leveldown'
import memdownModule from 'memdown'
import type { LevelUp } from 'levelup'

export const encode = encodingDown as unknown as typeof encodingDown.default
export const leveldown = leveldownModule as unknown as typeof leveldownModule.default
export const memdown = memdownModule as unknown as typeof memdownModule.default

/** levelup over encoding-down: keys and values are strings. */
export type Database = LevelUp<encodingDown.default<string, string>>
