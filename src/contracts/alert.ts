/** What the middleware `alert` tells an operator, over the admin API. A middleware of a user's own may take its place. */

/** A peer refused packets because we owe it too much. Bumped, not repeated, when it happens again. */
export interface Alert {
  id: number
  accountId: string
  triggeredBy: string
  message: string
  count: number
  createdAt: Date
  updatedAt: Date
}
