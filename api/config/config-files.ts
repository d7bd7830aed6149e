import { readFileSync, statSync } from 'node:fs'
import type { ConfigFiles } from './settings.js'

/** The write bit of a file's mode for every account (chmod(2), S_IWOTH). */
const OTHERS_MAY_WRITE = 0o002

/** Reads the files of this machine for the configuration. */
export const CONFIG_FILES: ConfigFiles = {
  readFile: (path) => readFileSync(path, 'utf8'),
  isDirectory: (path) => {
    try {
      return statSync(path).isDirectory()
    } catch {
      return false
    }
  },
  isWritableByAll: (path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & OTHERS_MAY_WRITE) !== 0,
}

/** A file that a setting names, and that is read again when it changes. */
export function watchableFile(path: string) {
  return {
    read: () => readFileSync(path, 'utf8'),
    stamp: () => {
      const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
      return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
    },
  }
}
