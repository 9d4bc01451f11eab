/** The pages, in the order of their keys. */
export const PAGES = ['overview', 'packets', 'peers', 'routes', 'settlement', 'rates', 'config'] as const
export type PageName = typeof PAGES[number]
