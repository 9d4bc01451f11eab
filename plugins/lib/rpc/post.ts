/** One POST over node:http or node:https: what `fetch` cannot do is to go through an agent. */
import { request as overHttp, type Agent } from 'node:http'
import { request as overHttps } from 'node:https'

/** More than any answer that is asked for. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** Follows no redirect. Rejects when there is no answer, or one that is too long. */
export async function postThrough (
  agent: Agent, url: string, { headers, body, signal }: { headers: Record<string, string>, body: string, signal: AbortSignal }
): Promise<{ status: number, text: string }> {
  return await new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? overHttps : overHttp
    const request = send(url, { method: 'POST', headers, agent, signal }, response => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > ANSWER_BYTES_MAX) request.destroy(new Error(`the answer is longer than ${ANSWER_BYTES_MAX} bytes`))
        else chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }) })
    })
    request.on('error', reject)
    request.end(body)
  })
}
