export const CHANGE_KINDS = ['modified', 'added', 'deleted'] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** One path of a container's file system that is not as its image has it. */
export interface FileChange {
  readonly path: string
  readonly kind: ChangeKind
  /** How many secrets the decoder took out of the path. */
  readonly redactions: number
}

export interface ChangeList {
  readonly changes: readonly FileChange[]
  /** There are more. */
  readonly isTruncated: boolean
}
