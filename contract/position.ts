/** Where in a store's own numbering something happened. Compared by epoch first: a new journal starts a new epoch. */
export type Position = { epoch: number; seq: number }

/** Negative when `a` came before `b`, 0 when they are the same place, positive when after. */
export const comparePositions = (a: Position, b: Position): number => a.epoch - b.epoch || a.seq - b.seq

export const isAfter = (a: Position, b: Position): boolean => comparePositions(a, b) > 0
