import { expect, test } from 'vitest'
import { fittingText } from './encoding.ts'

test.each([
  ['LATIN1', 'Zoë € 🍵 Ω', 'Zoë ? ? ?'], ['LATIN9', 'Zoë € 🍵 Ω', 'Zoë € ? ?'], ['WIN1252', 'Zoë € “a” 🍵', 'Zoë € “a” ?'], ['ISO_8859_7', 'Ωmega ë', 'Ωmega ?'], ['WIN1251', 'Чай ë', 'Чай ?'], ['KOI8R', 'Чай', 'Чай'],
])('in %s "%s" is "%s"', (encoding, text, fitted) => {
  expect(fittingText(encoding)?.(text)).toBe(fitted)
})

test.each(['UTF8', 'SQL_ASCII', 'EUC_JP', ''])('in %s nothing is changed', (encoding) => {
  expect(fittingText(encoding)).toBeNull()
})
