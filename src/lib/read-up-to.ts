/** Reads the body of a request or an answer, up to a limit, because its sender decides how long it is. */

/** All bytes of `body`, or undefined when there are more than `bytesMax`; the rest is then not read. */
export async function readUpTo (body: AsyncIterable<Uint8Array> | null, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.byteLength
    if (length > bytesMax) return undefined // leaving the loop cancels the body
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
