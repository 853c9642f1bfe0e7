import { afterEach, expect, test, vi } from 'vitest'
import { complain, say, sayJson } from './say.ts'

let said = ''
const listen = (): void => {
  said = ''
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said += String(text)
      return true
    })
  }
}
afterEach(() => vi.restoreAllMocks())

/** Clears the screen, writes into the clipboard, and begins a command in one sign. */
const NOTE = 'leave\u001b[2J it\u001b]52;c;cm0=\u0007 \u009b5m here\r\n\tthanks, Zoë'

test('what a shopper or a file says is no command to the terminal of whoever reads it', () => {
  listen()
  say(`note  ${NOTE}`)
  complain({ what: 'No', why: NOTE, todo: 'look' })
  expect(said).not.toMatch(/(?![\n\t])\p{Cc}/u)
  expect(said.match(/\n\tthanks, Zoë/g)).toHaveLength(2)
})

test('to a machine it is told whole, and harmless in a terminal too', () => {
  listen()
  sayJson({ note: NOTE })
  expect(said.trimEnd()).not.toMatch(/\p{Cc}/u)
  expect(JSON.parse(said)).toEqual({ note: NOTE })
})
