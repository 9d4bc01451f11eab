/** A module that exports no class. */
export const nothing = 0
