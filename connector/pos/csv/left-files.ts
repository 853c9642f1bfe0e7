import type { DropFolder, DueFile } from './drop-folder.ts'
import type { ShopState } from './shop-state.ts'

/** A file that was read and cannot be moved away: another program holds it open, or it is somebody else's. */
type LeftFile = { name: string; identity: string; target: string; to: 'processed' | 'rejected' }

/** What says that the file stays where it is for now. Anything else (a full disk, a share that is gone) is a fault and tried again. */
const HELD: ReadonlySet<string> = new Set(['EBUSY', 'EPERM', 'EACCES', 'ETXTBSY'])
/** More than anybody has open. */
const LEFT_MAX = 1_000

/**
 * Files that were read and still lie in the drop folder. They are not read twice, do not keep the others waiting, and are moved as soon as that
 * can be done. Kept in the state: after a restart they are still read.
 */
export function openLeftFiles(state: ShopState, folder: DropFolder) {
  const read = (): LeftFile[] => JSON.parse(state.meta('left') ?? '[]') as LeftFile[]
  const write = (files: LeftFile[]): void => state.setMeta('left', files.length === 0 ? null : JSON.stringify(files.slice(-LEFT_MAX)))

  const tryMove = (file: LeftFile): boolean => {
    try {
      folder.move(file.name, file.identity, file.target, file.to)
      return true
    } catch (error) {
      if (error instanceof Error && 'code' in error && HELD.has(String(error.code))) return false
      throw error
    }
  }

  return {
    /** Moves a file, or leaves it for later. False when it was left. */
    move(file: LeftFile): boolean {
      if (tryMove(file)) return true
      state.transaction(() => write([...read().filter(({ name }) => name !== file.name), file]))
      return false
    },
    /** The files that are not read yet; those that were are tried again on the way. */
    without(due: DueFile[]): DueFile[] {
      const files = read()
      if (files.length === 0) return due
      const still = files.filter((file) => folder.identityOf(file.name) === file.identity && !tryMove(file))
      if (still.length !== files.length) state.transaction(() => write(still))
      return due.filter(({ name, identity }) => !still.some((file) => file.name === name && file.identity === identity))
    },
  }
}
