/** An account holds the queues of every environment side by side, told apart by a prefix (wrangler.toml); a machine of one's own has none. */
const NAME = /^(?:tillbridge-(?:staging|production)-)?(.+?)(-dead)?$/

/** Which of our queues a name in an account is: by the word its handler goes by, and whether it is the queue of what its consumers could not settle. */
export function readQueueName(name: string): { queue: string; dead: boolean } {
  const [, queue = name, dead] = NAME.exec(name) ?? []
  return { queue, dead: dead !== undefined }
}
