import { describe, expect, test } from 'vitest'
import { isSampled, newTraceparent, nextSpan, readTraceparent, Traceparent, traceIdOf } from './trace.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

describe('a traceparent', () => {
  test.each([
    [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`],
    [`00-${TRACE}-${SPAN}-00`, `00-${TRACE}-${SPAN}-00`],
    // Flags that version 00 does not know are not passed on.
    [`00-${TRACE}-${SPAN}-ff`, `00-${TRACE}-${SPAN}-03`],
    // A later version is read as far as it is ours.
    [`01-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`],
    [`cc-${TRACE}-${SPAN}-01-what-comes`, `00-${TRACE}-${SPAN}-01`],
  ])('%s is read', (header, read) => {
    expect(readTraceparent(header)).toBe(read)
  })

  test.each([
    [null], [undefined], [''],
    [`00-${TRACE}-${SPAN}-01-more`], [`00-${TRACE}-${SPAN}-01-`], [`00-${TRACE}-${SPAN}-1`], [`00-${TRACE}-${SPAN}`],
    [`ff-${TRACE}-${SPAN}-01`], [`cc-${TRACE}-${SPAN}-01.more`],
    [`00-${'0'.repeat(32)}-${SPAN}-01`], [`00-${TRACE}-${'0'.repeat(16)}-01`],
    [`00-${TRACE.toUpperCase()}-${SPAN}-01`], [`00-${TRACE.slice(1)}-${SPAN}-01`], [` 00-${TRACE}-${SPAN}-01`],
    [`cc-${TRACE}-${SPAN}-01-${'a'.repeat(300)}`], [`00-${TRACE}-${SPAN}-01\n`],
  ])('%j begins a new trace', (header) => {
    expect(readTraceparent(header)).toBeNull()
  })

  test('a new one is one, and no two are the same', () => {
    const [a, b] = [newTraceparent(), newTraceparent()]
    expect(readTraceparent(a)).toBe(a)
    expect(traceIdOf(a)).not.toBe(traceIdOf(b))
  })

  test('the next span is of the same trace', () => {
    const first = `00-${TRACE}-${SPAN}-01`
    const next = nextSpan(first)
    expect(readTraceparent(next)).toBe(next)
    expect([traceIdOf(next), next.endsWith('-01'), next === first]).toEqual([TRACE, true, false])
  })

  test('a wrong one in a body is left out and refuses nothing', () => {
    expect(Traceparent.parse(`00-${TRACE}-${SPAN}-01`)).toBe(`00-${TRACE}-${SPAN}-01`)
    for (const wrong of ['', 7, null, {}, `00-${'0'.repeat(32)}-${SPAN}-01`]) expect(Traceparent.parse(wrong)).toBeUndefined()
  })

  test('a share of all traces is drawn by their ids alone', () => {
    const drawn = Array.from({ length: 4000 }, newTraceparent).filter((trace) => isSampled(trace, 0.25))
    expect(drawn.length).toBeGreaterThan(800)
    expect(drawn.length).toBeLessThan(1200)
    expect(drawn.every((trace) => isSampled(nextSpan(trace), 0.25))).toBe(true)
    expect(isSampled(newTraceparent(), 1)).toBe(true)
    expect(isSampled(newTraceparent(), 0)).toBe(false)
  })
})
