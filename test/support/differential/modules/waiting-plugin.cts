/** The named plugin, keeping its process alive while it is connected, as a socket does. */
import NamedPlugin = require('./named-plugin.cjs')

class WaitingPlugin extends NamedPlugin {
  private socket: NodeJS.Timeout | undefined

  override connect (): Promise<void> {
    this.socket = setInterval(() => undefined, 60_000)
    return super.connect()
  }

  override disconnect (): Promise<void> {
    clearInterval(this.socket)
    return super.disconnect()
  }
}

export = WaitingPlugin
