/** Packages that only tests and demos need: demos use them, too, so they stand there. */
export * from '../../examples/pinned-packages.js'
