/** What the audit log of a node takes, and says of itself. */

/** `via`: the admin API, the program around the node (`code`), a rule of `security.fraud`, or the node of its own accord. */
export interface Actor {
  via: 'admin-api' | 'code' | 'rule' | 'node'
  /** Of a client of the admin API; of its proxy, where that is not believed. */
  address?: string | undefined
  /** What the client calls itself: `connector-cli/0.2.0`. It may say anything. */
  agent?: string | undefined
  /** Whether the client has shown the key. */
  withKey?: boolean | undefined
}

export interface AuditEntry {
  /** Such as `registerPeer` or `POST /admin/routes`. */
  action: string
  /** What it was done to: a peer, a channel, a prefix. */
  subject?: string | undefined
  /** In a line. Never a secret. */
  detail?: string | undefined
  by: Actor
  /** `ok`, or why it failed. */
  outcome: string
}

export interface AuditStatus {
  /** Number of the last entry that is written; 0 before the first one. */
  entries: number
  /** Its hash: no log without that entry has it. */
  head: string
  /** Entries that could not be written since the start, and never will be. */
  lost: number
  /** Why nothing can be written at the moment. */
  trouble?: string | undefined
}

/** Takes entries. Never throws, and nobody waits for the disk. */
export interface Audit {
  record (entry: AuditEntry): void
  /** Resolves when everything that was taken is on disk, or cannot be written now. */
  flush (): Promise<void>
  status (): AuditStatus
}
