import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { fileWords } from './file-words.ts'
import { testFolder } from './test-shop.ts'

const folder = testFolder()
afterAll(() => folder.remove())
writeFileSync(folder.file('file'), 'a text, and no database')
symlinkSync(folder.file('loop'), folder.file('loop'))

const said = (work: () => unknown): string | null => {
  try {
    work()
  } catch (error) {
    return fileWords(error)
  }
  throw new Error('it did not fail')
}

test.each<[string, () => unknown, RegExp]>([
  ['a missing file', () => readFileSync(folder.file('nowhere')), /^there is no such file or folder \(ENOENT\)$/],
  ['a folder', () => readFileSync(folder.path), /^it is a folder, and a file is expected \(EISDIR\)$/],
  ['a file in a file', () => lstatSync(folder.file('file/x')), /part of the path is a file/],
  ['a folder in a file', () => mkdirSync(folder.file('file/x/y'), { recursive: true }), /part of the path is a file/],
  ['a folder where a file is', () => mkdirSync(folder.file('file'), { recursive: true }), /part of the path is a file/],
  ['links in a circle', () => readFileSync(folder.file('loop')), /links lead in a circle/],
  ['a text as a database', () => new DatabaseSync(folder.file('file')).exec('SELECT * FROM t'), /^it is no SQLite database \(SQLite 26\)$/],
  ['a database in no folder', () => new DatabaseSync(folder.file('nowhere/x')).exec('SELECT 1'), /^it cannot be opened/],
])('%s', (_what, work, words) => {
  expect(said(work)).toMatch(words)
})

test('what is no fault of a file has no words', () => {
  expect(said(() => new DatabaseSync(':memory:').exec('SELEC'))).toBeNull()
  expect(fileWords(new Error('anything'))).toBeNull()
  expect(fileWords('text')).toBeNull()
})
