import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** A place on the disk for something secret, taken before the secret is: so that it cannot be lost for want of a place. */
export type PrivatePlace = { put(content: string): void; giveBack(): void }

/** Makes room beside `file`, for the owner alone. What is put there replaces `file` in one step, safe from a power cut. Throws what the disk throws. */
export function takePrivatePlace(file: string): PrivatePlace {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const fresh = `${file}.${process.pid}.new`
  const handle = openSync(fresh, 'wx', 0o600)
  let open = true
  const close = (): void => {
    if (open) closeSync(handle)
    open = false
  }
  return {
    put(content) {
      writeSync(handle, content)
      fsyncSync(handle)
      close()
      renameSync(fresh, file)
    },
    giveBack() {
      close()
      if (existsSync(fresh)) rmSync(fresh)
    },
  }
}
