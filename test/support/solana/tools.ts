/** The Solana runtimes of tests: demos use them, too, so they stand there. */
export * from '../../../examples/solana-tools.js'
