/** What is kept of a unit: one JSON value that is parsed at once. */
export interface JsonBounds {
  /** Bytes of one text. */
  readonly textBytes: number
  /** Members of one map, or items of one list within a unit. */
  readonly members: number
  /** Bytes of one unit. From then on a list or a map takes no more than FEW_MEMBERS, and a text is cut to SMALL_TEXT_BYTES. */
  readonly unitBytes: number
  /**
   * Values of one unit, lists and objects included: lists in a map multiply, and a name may be repeated. From a quarter of them on such
   * a list or map takes no more than FEWEST_MEMBERS. From all of them on, and from twice the bytes on, none takes more, and none is begun.
   */
  readonly values: number
}

/**
 * What is parsed at once: a millisecond's work. A text of an engine has at most 8,192 characters that are looked at, each of up to
 * two bytes in the usual scripts. A container has some dozens of labels, and one with 1,000 published ports 2,000 entries of 70 bytes;
 * with its labels, its environment and its mounts it comes to ten thousand values.
 */
export const UNIT_BOUNDS: JsonBounds = { textBytes: 16 * 1024, members: 2_048, unitBytes: 192 * 1024, values: 16_384 }

/** Bytes of a text in a unit that is full: an id, a state and a time fit, so that what stands behind the rest is known too. */
export const SMALL_TEXT_BYTES = 256

/** Members that a list or a map takes in a unit that is full. */
export const FEW_MEMBERS = 256

/** Members that a list or a map within another one, or of other ones, takes in a unit that has many values: as many as are shown. */
export const FEWEST_MEMBERS = 128

/** The part of a unit's values from which on it has many. */
export const FREE_VALUES = 0.25

/** Members of one object that the shape knows. Names may be repeated. */
export const MAX_OBJECT_MEMBERS = 256

/** Levels of lists and objects where the shape takes any. */
export const MAX_DEPTH = 64

/** Bytes of a number: the longest that a double is written with has 24. */
export const MAX_LITERAL_BYTES = 40
