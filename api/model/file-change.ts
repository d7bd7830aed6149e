export const CHANGE_KINDS = ['modified', 'added', 'deleted'] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** One path in a container's file system that differs from its image. */
export interface FileChange {
  readonly path: string
  readonly kind: ChangeKind
  /** How many secrets the decoder redacted in the path. */
  readonly redactions: number
}

export interface ChangeList {
  readonly changes: readonly FileChange[]
  /** There are more. */
  readonly isTruncated: boolean
}
