import type { AgeingOrder, AgeingReport } from '../../contract/ageing.ts'
import { canonicalJson } from '../../contract/canonical.ts'
import type { Clock } from '../../contract/clock.ts'
import { letterId } from '../dead-letters/letter.ts'
import type { DeadLetters, FiledLetter } from '../dead-letters/port.ts'
import type { Ageing } from './port.ts'

export type HearAgeingPorts = { clock: Clock; ageing: Ageing; deadLetters: Pick<DeadLetters, 'file' | 'find' | 'settle' | 'correct'> }

/** Letters about ageing orders come from no queue. */
const AGEING = 'ageing'

/**
 * Notes what a heartbeat says of orders that wait for the staff too long. From the first to the last of them it is one letter,
 * whose body follows; it is settled when nobody waits any more. One that the operator has discarded stays so until then.
 * The row is written last: whatever fails before it is done again with the next heartbeat.
 */
export async function hearAgeing(ports: HearAgeingPorts, storeId: string, report: AgeingReport | null | undefined): Promise<void> {
  if (report === undefined) return
  const known = await ports.ageing.find(storeId)
  if (report === null) {
    if (!known) return
    await settle(ports, storeId, known.since)
    return ports.ageing.over(storeId)
  }
  if (known && canonicalJson(known.report) === canonicalJson(report)) return
  const since = known?.since ?? report.oldest[0]?.since
  if (since === undefined) return
  await tell(ports, storeId, since, report, known !== null)
  await ports.ageing.report(storeId, since, report, ports.clock())
}

async function tell(ports: HearAgeingPorts, storeId: string, since: string, report: AgeingReport, goesOn: boolean): Promise<void> {
  const { last, next } = await lettersOf(ports, storeId, since)
  const body = { storeId, since, report }
  if (last?.state === 'waiting') await ports.deadLetters.correct(last.letterId, last.revision, body, ports.clock())
  if (last && (goesOn || last.state === 'waiting')) return
  await ports.deadLetters.file([{ letterId: next, queue: AGEING, reason: 'needs_person', storeId, body, attempts: 1, lastError: inWords(storeId, report), filedAt: ports.clock() }])
}

async function settle(ports: HearAgeingPorts, storeId: string, since: string): Promise<void> {
  const { last } = await lettersOf(ports, storeId, since)
  if (last?.state === 'waiting') await ports.deadLetters.settle(last.letterId, last.revision, 'discarded', 'ended by itself: no order waits too long any more', ports.clock())
}

/** The same order may wait again after all was well (what stood ready is picked anew): the letter of then is settled, and this is another. */
async function lettersOf({ deadLetters }: HearAgeingPorts, storeId: string, since: string): Promise<{ last: FiledLetter | null; next: string }> {
  let last: FiledLetter | null = null
  for (let time = 1; ; time += 1) {
    const id = await letterId(AGEING, `${storeId} ${since}${time === 1 ? '' : ` ${time}`}`)
    const letter = await deadLetters.find(id)
    if (!letter) return { last, next: id }
    last = letter
  }
}

const WAITS_FOR: Record<AgeingOrder['state'], string> = {
  unwritten: 'is not in the till yet', untouched: 'nobody has begun', picking: 'was begun and not finished', in_doubt: 'may be in the till or not: somebody must look',
}

const inWords = (storeId: string, { count, afterMinutes, oldest }: AgeingReport): string =>
  `${count} web ${count === 1 ? 'order waits' : 'orders wait'} in ${storeId} for more than ${afterMinutes} minutes: ${oldest.map(({ assignmentId, state }) => `${assignmentId} ${WAITS_FOR[state]}`).join('; ')}. `
  + 'Call the store. Newer numbers stand in this letter and at GET /admin/v1/stores/{id}; it settles itself when nobody waits any more.'
