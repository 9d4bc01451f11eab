/** Accounts for tests of the stand-in, which write their transactions by themselves: no SDK has a part in what is tested with them. */
import { address, hexOf, text, u64, u8, vector } from './bcs.js'
import type { AptosStandIn } from './index.js'
import { TestKey, sha3 } from './signatures.js'
import { authenticationKeyOf } from './transaction.js'

/** What a transaction says, if not what it should. */
export interface Said {
  readonly sender?: string
  readonly sequence?: bigint
  readonly maxGas?: bigint
  readonly gasPrice?: bigint
  readonly expiration?: bigint
  readonly chainId?: number
  /** It is signed with this key, and names the own. */
  readonly signedBy?: TestKey
  readonly signature?: Uint8Array
  /** Of the function: where it is published. */
  readonly code?: string
  readonly module?: string
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

const SALT = sha3(Buffer.from('APTOS::RawTransaction'))

export class Party {
  readonly key: TestKey
  readonly address: string
  private sequence = 0n

  constructor (readonly chain: AptosStandIn, seed: number) {
    this.key = new TestKey(Buffer.alloc(32, seed))
    this.address = authenticationKeyOf(this.key.publicKey)
  }

  /** With its signature. Takes the next sequence number, unless one is said. @param args each in BCS */
  signed (name: string, args: readonly Uint8Array[], said: Said = {}): Uint8Array {
    const { chain } = this
    const list = [u8(args.length), ...args.map(vector)]
    const raw = Buffer.concat([
      address(said.sender ?? this.address), u64(said.sequence ?? this.sequence++), u8(2), address(said.code ?? chain.code), text(said.module ?? 'channel'),
      text(name), u8(0), ...list, u64(said.maxGas ?? 2000n), u64(said.gasPrice ?? 100n), u64(said.expiration ?? chain.now + 60n),
      u8(said.chainId ?? chain.chain.chainId)
    ])
    const signature = said.signature ?? (said.signedBy ?? this.key).sign(Buffer.concat([SALT, raw]))
    return Buffer.concat([raw, u8(0), vector(this.key.publicKey), vector(signature)])
  }

  /** Submits a transaction to the node. */
  async submit (bytes: Uint8Array): Promise<HttpAnswer> {
    return await post(this.chain.url, '/transactions', bytes)
  }

  /** A call that is in a block afterwards. */
  async call (name: string, args: readonly Uint8Array[], said: Said = {}): Promise<Record<string, unknown>> {
    const { status, body } = await this.submit(this.signed(name, args, said))
    if (status !== 202) throw new Error(JSON.stringify(body))
    this.chain.block()
    return (await get(this.chain.url, `/transactions/by_hash/${String(body.hash)}`)).body
  }

  /** Opens a channel of the chain's asset with another one, and returns its address. */
  async open (other: string, challengeSecs = 86_400n): Promise<string> {
    const { events } = await this.call('open', [address(other), address(this.chain.asset), u64(challengeSecs), vector(this.key.publicKey)])
    const [{ data }] = events as [{ data: { channel: string } }]
    return data.channel
  }
}

export async function get (url: string, path: string): Promise<HttpAnswer> {
  return await answerOf(await fetch(url + path))
}

export async function post (url: string, path: string, body: Uint8Array | object): Promise<HttpAnswer> {
  const isBcs = body instanceof Uint8Array
  const contentType = isBcs ? 'application/x.aptos.signed_transaction+bcs' : 'application/json'
  return await answerOf(await fetch(url + path, { method: 'POST', headers: { 'content-type': contentType }, body: isBcs ? Buffer.from(body) : JSON.stringify(body) }))
}

async function answerOf (response: Response): Promise<HttpAnswer> {
  return { status: response.status, headers: response.headers, body: await response.json() as Record<string, unknown> }
}

/** A transaction's hash, before anybody has seen it. */
export function hashOf (signed: Uint8Array): string {
  return hexOf(sha3(sha3(Buffer.from('APTOS::Transaction')), u8(0), signed))
}

