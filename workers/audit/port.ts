/** Every action of an operator, kept for good. `subject` is what it was done to, by id. */
export type AuditLog = { record(entry: { actor: string; action: string; subject: string; detail?: string }): Promise<void> }
