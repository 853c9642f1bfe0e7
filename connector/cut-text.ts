/**
 * A text of at most so many UTF-16 units, which is what the contract counts. A sign beyond the first plane has two and is left out whole: half of one is no
 * text, and becomes another sign in each place that it is written to.
 */
export function cutText(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : text.slice(0, lengthMax).replace(/[\uD800-\uDBFF]$/, '')
}
