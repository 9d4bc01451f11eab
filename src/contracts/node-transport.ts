/** How a node dials its peers, as it is configured: under its own address, or through a proxy. */

export type TransportType = 'direct' | 'socks5'

/** How peers are dialled: under the node's own address, or through a SOCKS5 proxy such as those of Tor and the Anyone network. */
export interface TransportConfig {
  /** Default direct, which ignores everything else here. */
  type?: TransportType | undefined
  /** `socks5h://host:port`, with `user:password@` where the proxy asks for them. */
  socksProxy?: string | undefined
  /** Another name for socksProxy. */
  socksUrl?: string | undefined
  /** Where peers dial the node; `auto`: the name of its hidden service. */
  externalUrl?: string | undefined
  /** Whether the node starts the proxy itself. Default false. */
  managed?: boolean | undefined
  /** Only with managed. */
  managedOptions?: {
    /** Where the keys and the name of a hidden service are kept. */
    hiddenServiceDir?: string | undefined
    /** The port of the hidden service. Default: that of BTP. */
    hiddenServicePort?: number | undefined
    /** Default 60000. */
    startupTimeoutMs?: number | undefined
    /** From SIGTERM to SIGKILL. Default 10000. */
    stopTimeoutMs?: number | undefined
    /** `tor`, or `anon`. Default: the `anon` of the package @anyone-protocol/anyone-client. */
    binaryPath?: string | undefined
    /** Further settings for it: a torrc, or anonrc. */
    configFilePath?: string | undefined
  } | undefined
  hiddenService?: {
    /** Default: whether managedOptions.hiddenServiceDir is set. */
    enabled?: boolean | undefined
    /** Assigned at the first start; another one than the assigned one is refused. */
    hostname?: string | undefined
    /** The same as managedOptions.hiddenServicePort. */
    virtualPort?: number | undefined
  } | undefined
}

/** A transport with everything decided. */
export type NodeTransport = { readonly type: 'direct' } | Overlay

export interface Overlay {
  readonly type: 'socks5'
  /** `socks5h://host:port`, with credentials if the operator has given some. */
  readonly proxy: string
  /** Undefined: not known, or that of the hidden service below. */
  readonly externalUrl: string | undefined
  /** Undefined: somebody else runs the proxy. */
  readonly managed: ManagedProxy | undefined
}

export interface ManagedProxy {
  /** Undefined: that of the package. */
  readonly binaryPath: string | undefined
  readonly configFilePath: string | undefined
  readonly startupTimeoutMs: number
  readonly stopTimeoutMs: number
  readonly hiddenService: HiddenServiceConfig | undefined
}

export interface HiddenServiceConfig {
  readonly directory: string
  readonly port: number
  /** What its name has to be, without the name of the network. Undefined: whatever it is. */
  readonly serviceId: string | undefined
}
