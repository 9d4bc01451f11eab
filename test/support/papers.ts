/** The blocks of code in the papers, as a reader sees them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_ROOT } from './package-root.js'

export interface Block {
  /** From the root. */
  paper: string
  language: string
  text: string
}

/** Blocks that name a language: what a reader copies. Drawings, output and trees of files have none. */
export function blocksOf (paper: string): Block[] {
  const text = readFileSync(join(PACKAGE_ROOT, paper), 'utf8')
  return Array.from(text.matchAll(/^( *)```(\w+)\n(.*?)^\1```$/gms), ([, indent = '', language = '', block = '']) =>
    ({ paper, language, text: block.replaceAll(new RegExp(`^${indent}`, 'gm'), '') }))
}
