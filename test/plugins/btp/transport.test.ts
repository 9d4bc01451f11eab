/** BTP is a transport: what settlement needs of one, over real sockets. */
import { transportConformance } from '../../conformance/transport.js'
import { SECRET, closeAll, freePort, makePlugin, serverUrl } from '../../support/btp.js'

describe('BTP', () => {
  afterEach(closeAll)

  transportConformance('BTP', async () => {
    const port = await freePort()
    return {
      one: makePlugin({ server: serverUrl(port), reconnectIntervals: [0, 10] }),
      other: makePlugin({ listener: { port, secret: SECRET } })
    }
  })
})
