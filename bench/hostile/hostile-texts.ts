import { digest } from '../../demo/container.js'

/** Begins every id that a hostile engine makes up, so that it can be told from those of harmless containers. */
export const HOSTILE_PREFIX = 'e71e'

/** Begins every name of a hostile container. */
export const HOSTILE_NAME = 'hostile-'

/** 64 KiB of names of secrets, each before a bracket that is never closed. */
export const HOSTILE_TEXT = 'pw={,'.repeat(Math.ceil(65_536 / 5)).slice(0, 65_536)

/** A full id, always the same for the same number. */
export function hostileId(index: number): string {
  return `${HOSTILE_PREFIX}${digest(`hostile ${index}`).slice(HOSTILE_PREFIX.length)}`
}

export function isHarmless({ id, name }: { readonly id: string; readonly name: string | null }): boolean {
  return !id.startsWith(HOSTILE_PREFIX) && name?.startsWith(HOSTILE_NAME) !== true
}

/** A list of that many bytes, all of it one piece again and again. */
export function nested(piece: string, bytes: number): Buffer {
  return Buffer.from(`[${piece.repeat(Math.floor(bytes / piece.length)).replace(/,$/, '')}]`)
}

export function spaces(bytes: number): Buffer {
  return Buffer.alloc(bytes, ' ')
}

export function labelsOf<Value>(count: number, valueAt: (index: number) => Value): Readonly<Record<string, Value>> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i.toString(36)}`, valueAt(i)]))
}

export function hostileArguments(count: number, length: number): readonly string[] {
  const text = 'a:b@tcp(password={:'
  return Array.from({ length: count }, () => text.repeat(Math.ceil(length / text.length)).slice(0, length))
}
