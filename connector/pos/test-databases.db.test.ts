import mysql from 'mysql2/promise'
import pg from 'pg'
import { expect, inject, test } from 'vitest'

test('MariaDB and PostgreSQL answer the tests, and keep fractions as they are', async () => {
  const maria = await mysql.createConnection({ ...inject('mariadb') })
  const [rows] = await maria.query('SELECT CAST(0.1 AS DECIMAL(15,3)) AS n')
  expect(rows).toEqual([{ n: '0.100' }])
  await maria.end()
  const postgres = new pg.Client({ ...inject('postgres'), database: 'postgres' })
  await postgres.connect()
  expect((await postgres.query('SELECT 0.100::decimal(15,3) AS n')).rows).toEqual([{ n: '0.100' }])
  await postgres.end()
})
