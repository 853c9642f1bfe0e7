/** PostgreSQL's names of encodings with a byte for each sign, and what the same is called elsewhere. LATIN1 is what it says there, and not Windows' own. */
const OF_ONE_BYTE: Readonly<Record<string, string>> = {
  LATIN2: 'iso-8859-2', LATIN3: 'iso-8859-3', LATIN4: 'iso-8859-4', LATIN5: 'iso-8859-9', LATIN6: 'iso-8859-10', LATIN7: 'iso-8859-13', LATIN8: 'iso-8859-14', LATIN9: 'iso-8859-15', LATIN10: 'iso-8859-16',
  ISO_8859_5: 'iso-8859-5', ISO_8859_6: 'iso-8859-6', ISO_8859_7: 'iso-8859-7', ISO_8859_8: 'iso-8859-8', KOI8R: 'koi8-r', KOI8U: 'koi8-u', WIN866: 'ibm866', WIN874: 'windows-874',
  WIN1250: 'windows-1250', WIN1251: 'windows-1251', WIN1252: 'windows-1252', WIN1253: 'windows-1253', WIN1254: 'windows-1254', WIN1255: 'windows-1255', WIN1256: 'windows-1256', WIN1257: 'windows-1257', WIN1258: 'windows-1258',
}
const LATIN1 = 'LATIN1'
const BYTES = 256
const ASCII = 128

/**
 * What a text can be in a database of this encoding: a question mark for each sign that it has no place for, as in a statement PostgreSQL refuses such a
 * sign wherever it stands, and its transaction with it. `null`: every text fits, or it cannot be told before.
 */
export function fittingText(serverEncoding: string): ((text: string) => string) | null {
  const label = OF_ONE_BYTE[serverEncoding]
  if (label === undefined && serverEncoding !== LATIN1) return null
  const decoder = label === undefined ? null : new TextDecoder(label)
  const signs = new Set(Array.from({ length: BYTES }, (_, byte) => (decoder === null || byte < ASCII ? String.fromCharCode(byte) : decoder.decode(Uint8Array.of(byte)))))
  return (text) => text.replace(BEYOND_ASCII, (sign) => (signs.has(sign) ? sign : '?'))
}

const BEYOND_ASCII = /\P{ASCII}/gu
