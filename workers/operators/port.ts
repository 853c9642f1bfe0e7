/** Who an operator's call comes from. `cannot-tell`: the keys of Access cannot be had, which is no caller's fault. */
export type Identified = { ok: true; actor: string } | { ok: false; why: 'refused' | 'cannot-tell' }

/** Says who calls the operator API, from the headers alone. */
export type Operators = { identify(headers: Headers): Promise<Identified> }
