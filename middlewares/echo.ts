/**
 * Answers pings to the connector's own address by sending the packet to the address that it names (echo protocol):
 * data is `ECHOECHOECHOECHO`, type 0, and the source address as octets; the packet back carries the prefix and type 1.
 */
import { isValidAddress } from '../src/packet/address.js'
import { InvalidPacketError } from '../src/packet/errors.js'
import { OctetReader } from '../src/packet/oer.js'
import { encodePrepare, fieldsOf, isPrepare, prepareOf } from '../src/packet/prepare.js'
import type { Middleware, MiddlewareApi, Pipelines } from '../src/contracts/middleware.js'

const PREFIX = Buffer.from('ECHOECHOECHOECHO', 'ascii')
const REQUEST = 0
const RESPONSE_DATA = Buffer.concat([PREFIX, Buffer.from([1])])

export default class Echo implements Middleware {
  constructor (_options: object, private readonly api: MiddlewareApi) {}

  applyToPipelines (pipelines: Pipelines): Promise<void> {
    pipelines.incomingData.insertLast({
      name: 'echo',
      method: (data, next) => {
        if (!isPrepare(data)) return next(data)
        const prepare = prepareOf(data)
        if (prepare.destination !== this.api.getOwnAddress()) return next(data)
        return next(encodePrepare({ ...fieldsOf(prepare), destination: sourceOf(prepare.data), data: RESPONSE_DATA }))
      }
    })
    return Promise.resolve()
  }
}

/** The address that an echo request asks to be answered at. Throws F01 for anything else. */
function sourceOf (data: Buffer): string {
  if (data.length <= PREFIX.length) throw new InvalidPacketError(`packet data too short for echo request. length=${data.length}`)
  if (!data.subarray(0, PREFIX.length).equals(PREFIX)) throw new InvalidPacketError('packet data does not start with ECHO prefix.')
  if (data[PREFIX.length] !== REQUEST) throw new InvalidPacketError('unexpected ping response.')
  const source = new OctetReader(data, PREFIX.length + 1, data.length).octets().toString('latin1')
  if (!isValidAddress(source)) throw new InvalidPacketError('echo request has no valid source address.')
  return source
}
