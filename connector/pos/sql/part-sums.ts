/**
 * The checksum of several parts, out of theirs: numbers with dots between (how many rows, sums of what their rows hash to), each of which adds up. Of no
 * parts it is the empty text.
 */
export function together(parts: Iterable<string>): string {
  let sums: bigint[] | null = null
  for (const part of parts) {
    const numbers = part.split('.').map(BigInt)
    sums = sums === null ? numbers : sums.map((sum, at) => sum + (numbers[at] ?? 0n))
  }
  return sums?.join('.') ?? ''
}
