/** The admin API's routes for peers that are paused: by a rule of `security.fraud`, or here. */
import { z } from 'zod'
import type { PausedPeer } from '../../contracts/guard.js'
import { SluiceError } from '../../contracts/errors.js'
import { json } from '../../http/responses.js'
import { param, route, type Route } from '../../http/route.js'

const REASON_LENGTH_MAX = 500
const BY = 'the admin API'

/** What these routes ask of the node. */
export interface PausingNode {
  hasPeer (peerId: string): boolean
  /** Refuses packets from and to a peer from now on. Throws for an unknown peer. */
  pausePeer (peerId: string, reason?: string, by?: string): void
  /** False if it was not paused. Throws for an unknown peer. */
  resumePeer (peerId: string, by?: string): boolean
  pausedPeers (): PausedPeer[]
}

const PEER = { peerId: 'The peer\'s id' }
const pausedPeer = z.strictObject({
  peerId: z.string(),
  since: z.string().describe('ISO 8601'),
  by: z.string().describe('A rule (`rule trafficSpike`), or who asked for it'),
  reason: z.string(),
  isDisconnected: z.boolean().describe('Whether its connection is kept closed, too')
})
const pauseRequest = z.strictObject({
  reason: z.string('reason must be a string').max(REASON_LENGTH_MAX, `reason must have at most ${REASON_LENGTH_MAX} characters`).optional()
}, 'Request body must be a JSON object')

export function pausingRoutes (node: PausingNode): Route[] {
  return [
    route({
      method: 'get',
      path: '/admin/security/paused',
      summary: 'Lists the peers that are paused, and why',
      responses: { 200: z.strictObject({ paused: z.array(pausedPeer) }) },
      errors: {}
    }, () => json(200, { paused: node.pausedPeers().map(peer => ({ ...peer, since: new Date(peer.since).toISOString() })) })),

    route({
      method: 'post',
      path: '/admin/peers/{peerId}/pause',
      summary: 'Refuses packets from and to a peer until it is resumed; it can still pay, and is paid',
      params: PEER,
      body: { schema: pauseRequest, example: { reason: 'their operator asked for it' } },
      responses: { 200: z.strictObject({ success: z.literal(true), peerId: z.string(), paused: z.literal(true) }) },
      errors: { 404: 'No such peer' }
    }, request => {
      const peerId = param(request, 'peerId')
      node.pausePeer(peerId, request.body.reason, BY)
      return json(200, { success: true, peerId, paused: true })
    }),

    route({
      method: 'post',
      path: '/admin/peers/{peerId}/resume',
      summary: 'Carries packets of a paused peer again, whoever paused it',
      params: PEER,
      responses: { 200: z.strictObject({ success: z.literal(true), peerId: z.string(), paused: z.literal(false) }) },
      errors: { 404: 'No such peer', 409: 'It is not paused' }
    }, request => {
      const peerId = param(request, 'peerId')
      if (!node.resumePeer(peerId, BY)) throw new SluiceError('SLUICE_PEER_NOT_PAUSED', `Peer '${peerId}' is not paused.`)
      return json(200, { success: true, peerId, paused: false })
    })
  ]
}
