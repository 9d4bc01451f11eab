/** Breakages of how the Move modules of the Aptos plugin are recognised. The modules themselves: scripts/aptos-module-tests.mjs. */
const BYTECODE = { file: 'plugins/aptos/move/bytecode.js', tests: ['test/plugins/aptos/move/bytecode.test.js'] }

export const aptosModuleMutants = [
  { name: 'takes Move bytecode that refers to the placeholder instead of its address', ...BYTECODE, edits: [['template.includes(PLACEHOLDER)', 'false']] },
  { name: 'takes any Move bytecode for the shipped module', ...BYTECODE, edits: [['=== MODULE_SHA256[name]', "!== ''"]] }
]
