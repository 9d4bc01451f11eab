/** Finds what only a chain's own plugin may know in a source text: names of chains and of their tools, and how they write things. */
import ts from 'typescript'
import type { SourceFile } from './import-rules.js'

/** In identifiers and texts. Words that are part of others (`preminers`) are not meant: what stands before and after counts. */
const NAMES = [
  'evm', 'ethereum', 'ethers', 'erc20', 'eip712', 'keccak256?', 'secp256k1', 'wei', 'gwei', 'arbitrum', 'sepolia', 'anvil',
  'xrp', 'xrpl', 'ripple', 'drops', 'solana', 'lamports?', 'mina', 'aptos', 'octas?', 'ed25519', 'base58', 'bech32'
]
/** `0x` in texts and patterns: how a chain writes bytes. */
const HEX = /0x/i

export interface ChainWord {
  line: number
  word: string
  /** The token that it stands in. */
  found: string
}

/** Comments do not count: an example in them is no knowledge. Numbers do not either. */
export function chainWordsIn ({ path, text }: SourceFile): ChainWord[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const words: ChainWord[] = []
  const visit = (node: ts.Node): void => {
    if (isText(node)) {
      const found = node.getText(source)
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
      words.push(...wordsOf(found, !ts.isIdentifier(node)).map(word => ({ line, word, found })))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return words
}

function isText (node: ts.Node): boolean {
  return ts.isIdentifier(node) || ts.isStringLiteralLike(node) || ts.isRegularExpressionLiteral(node) ||
    node.kind === ts.SyntaxKind.TemplateHead || node.kind === ts.SyntaxKind.TemplateMiddle || node.kind === ts.SyntaxKind.TemplateTail
}

function wordsOf (text: string, mayHaveHex: boolean): string[] {
  const parts = text.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').split(/[^a-zA-Z\d]+/)
  const named = NAMES.flatMap(name => parts.some(part => new RegExp(`^${name}$`, 'i').test(part)) ? [name] : [])
  return [...named, ...mayHaveHex && HEX.test(text) ? ['0x'] : []]
}
