/** Loaded before a daemon (`node --expose-gc --import`): says what is alive in its memory, in bytes, whenever it gets SIGUSR2. */
process.on('SIGUSR2', () => {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  console.log(`alive=${heapUsed + external}.`)
})
