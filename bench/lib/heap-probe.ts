/** Loaded before a daemon (`node --expose-gc --import`): says what is alive in its memory, in bytes, whenever it gets SIGUSR2. */
const LOOKS = 3

process.on('SIGUSR2', () => {
  let least = Infinity
  const look = (looks: number): void => {
    globalThis.gc?.()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    least = Math.min(least, heapUsed + arrayBuffers) // the system frees Buffers some time after the collection
    if (looks > 0) setImmediate(look, looks - 1)
    else console.log(`alive=${least}.`)
  }
  look(LOOKS)
})
