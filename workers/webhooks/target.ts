/** Names that lead into somebody's own network, whatever they resolve to. */
const INSIDE = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa)$/
const IPV4 = /^\d+(\.\d+){3}$/

/**
 * Why an address may not be sent to, or `null`. Alerts go to a name on the public web over https: an address in numbers or a name of a private network would let whoever can
 * set it look around where the Worker runs. `isDevelopment` allows plain http and loopback, for a receiver on one's own machine.
 */
export function targetFault(text: string, isDevelopment: boolean): string | null {
  if (!URL.canParse(text)) return 'it is no URL'
  const { protocol, username, password, hostname } = new URL(text)
  if (protocol !== 'https:' && !(isDevelopment && protocol === 'http:')) return 'it must begin with https://'
  if (username + password !== '') return 'it may hold no user or password'
  if (isDevelopment) return null
  // What is written as 127.1 or 0x7f000001 was made an address in four numbers by the parser.
  if (IPV4.test(hostname) || hostname.startsWith('[')) return 'it must have a host name, not an address in numbers'
  const name = hostname.replace(/\.+$/, '')
  return name.includes('.') && !INSIDE.test(name) ? null : 'its host is not on the public web'
}
