/** Each key of `performance` and `observability` is refused with what happens instead, or asks for just that. */
import { expect } from 'chai'
import { ConfigLoader, ConfigurationError } from '../../../src/index.js'

const BASE = { nodeId: 'shop', btpServerPort: 3000, peers: [] }

describe('the sections performance and observability', () => {
  const problems = (more: object): string[] => {
    try {
      ConfigLoader.read({ ...BASE, ...more }, {})
      return []
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      return error.issues.map(({ path, message }) => `${path}: ${message}`)
    }
  }

  it('are accepted where they set nothing, or what is so anyway', () => {
    expect(problems({ performance: {}, observability: {} })).to.deep.equal([])
    expect(problems({ performance: { packetProcessing: { workerThreads: 1 }, tigerbeetle: {}, connectionPools: {} } })).to.deep.equal([])
    expect(problems({
      observability: { prometheus: { enabled: true, metricsPath: '/metrics', includeDefaultMetrics: true }, opentelemetry: { enabled: false, serviceName: 'x' } }
    })).to.deep.equal([])
  })

  it('are told of each key what happens instead', () => {
    const found = problems({
      performance: {
        packetProcessing: { workerThreads: 4, batchSize: 100 },
        tigerbeetle: { batchSize: 100, flushIntervalMs: 10, maxPendingTransfers: 1000 },
        telemetry: { bufferSize: 1000, flushIntervalMs: 100 },
        connectionPools: { evm: { poolSize: 10, rpcUrls: [] }, xrp: { poolSize: 5, wssUrls: [] } }
      },
      observability: {
        prometheus: { enabled: false, metricsPath: '/m', includeDefaultMetrics: false, labels: { a: 'b' } }, opentelemetry: { enabled: true },
        sla: { packetSuccessRateThreshold: 0.999 }
      }
    })
    expect(found).to.have.length(14)
    for (const line of found) expect(line).to.match(/: cannot be set: .{20,}\. Remove it\.$/)
    expect(found.join('\n')).to.include('performance.packetProcessing.workerThreads').and.include('observability.prometheus.enabled')
  })

  it('are told of keys that nobody knows, and of sections that are no objects', () => {
    expect(problems({ performance: { tigerbeatle: {}, packetProcessing: 4 } })).to.deep.equal([
      'performance.tigerbeatle: is not a known key. Did you mean tigerbeetle? Remove it.',
      'performance.packetProcessing: expected an object. Remove it: there is nothing to set in performance.packetProcessing.'
    ])
  })
})
