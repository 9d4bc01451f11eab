/** Which account a forwarded packet came from, for those who meet it on its way out: a handler is told who pays. */

const origins = new WeakMap<Buffer, string>()

/** Notes the account for this Buffer; it is forgotten with the Buffer. */
export function rememberOrigin (packet: Buffer, accountId: string): void {
  origins.set(packet, accountId)
}

/** Undefined where nobody noted it. */
export function originOf (packet: Buffer): string | undefined {
  return origins.get(packet)
}
