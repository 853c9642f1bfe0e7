import { expect, test } from 'vitest'
import { targetFault } from './target.ts'

test.each(['https://hooks.example.com/services/T0/B0/x', 'https://alerts.shop.example:8443/in?key=1'])('%s may be sent to', (url) => {
  expect(targetFault(url, false)).toBeNull()
})

test.each([
  'nonsense', 'http://hooks.example.com/', 'ftp://hooks.example.com/', 'https://user:word@hooks.example.com/',
  'https://localhost/', 'https://localhost./', 'https://api.localhost/', 'https://router.lan/', 'https://db.internal/', 'https://printer.local/', 'https://intranet/', 'https://nas.home.arpa/',
  'https://127.0.0.1/', 'https://127.1/', 'https://0x7f000001/', 'https://2130706433/', 'https://017700000001/', 'https://10.0.0.8/', 'https://192.168.1.1/', 'https://169.254.169.254/latest/meta-data', 'https://8.8.8.8/',
  'https://[::1]/', 'https://[::ffff:127.0.0.1]/', 'https://[fd00::1]/', 'https://[2606:4700::1111]/',
])('%s may not', (url) => {
  expect(targetFault(url, false)).toEqual(expect.any(String))
})

test('a receiver on one\'s own machine is for development', () => {
  expect(targetFault('http://127.0.0.1:9000/alerts', true)).toBeNull()
  expect(targetFault('http://127.0.0.1:9000/alerts', false)).not.toBeNull()
  expect(targetFault('ftp://127.0.0.1/', true)).not.toBeNull()
})
