/** Who did what to what, by id; `detail` never holds a secret or a customer's data. */
export type AuditNote = { actor: string; action: string; subject: string; detail?: string }
export type AuditRow = { entryId: number; at: number; actor: string; action: string; subject: string; detail: string | null; requestId: string | null }
export type AuditFilter = { actor?: string; action?: string; subject?: string }

/** Every action of an operator, kept for good. */
export type AuditLog = {
  record(entry: AuditNote): Promise<void>
  /** Newest first; `before`: only older ones than this. */
  list(filter: AuditFilter, before: number | null, limit: number): Promise<AuditRow[]>
}
