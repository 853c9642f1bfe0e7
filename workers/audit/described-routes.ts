import { AuditEntry } from '../../contract/operator-answers.ts'
import { page } from '../../contract/values.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { nameAnswer } from '../gateway/show-schema.ts'

const AuditPage = page(AuditEntry)
nameAnswer('AuditPage', AuditPage, {
  items: [{ id: 41, at: '2026-11-26T10:00:00.000Z', actor: 'ops@shop.example', action: 'store.pause', target: 'high-street', requestId: '7a0c2f7e-5a39-4d55-9f0e-5f1d7f0c4f11', detail: null }], nextCursor: null,
})

export const describedAudit: DescribedRoutes = () => ({
  'GET /admin/v1/audit-log': { tag: 'operator: audit log', security: 'operator', id: 'listAuditLog', summary: 'Who changed what, newest first', description: 'Every change by an operator that succeeded. `actor`, `action` and `target` choose those that are exactly so.', answers: { 200: { when: 'A page.', schema: AuditPage } }, problems: ['unauthorized', 'invalid-request'] },
})
