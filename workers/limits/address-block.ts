/**
 * Whom an address stands for: an IPv4 address is one line; of an IPv6 address the first 64 bits are, for the rest is the customer's own to choose from.
 * What is neither stands for itself.
 */
export function addressBlock(address: string): string {
  if (!address.includes(':')) return address
  const [, v4] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (v4 !== undefined) return v4
  const [head = '', tail] = address.toLowerCase().split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length)
  const parts = [...first, ...Array<string>(zeros).fill('0'), ...last]
  return `${parts.slice(0, 4).map((part) => part.replace(/^0+(?=.)/, '')).join(':')}::/64`
}
