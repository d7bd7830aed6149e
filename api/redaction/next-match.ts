/**
 * The next match of a pattern, from positions that only grow. Ground without a match is searched once, however often it is asked
 * about, so that all answers together take time in proportion to the text.
 */
export class NextMatch {
  readonly #text: string
  readonly #pattern: RegExp
  /** The last answer. */
  #match: RegExpExecArray | null = null
  #isOver = false

  /** The pattern has the flag `g`. */
  constructor(text: string, pattern: RegExp) {
    this.#text = text
    this.#pattern = pattern
  }

  /** Null where none follows. */
  from(position: number): RegExpExecArray | null {
    if (this.#isOver) return null
    if (this.#match !== null && this.#match.index >= position) return this.#match
    this.#pattern.lastIndex = position
    this.#match = this.#pattern.exec(this.#text)
    this.#isOver = this.#match === null
    return this.#match
  }

  /** Where it begins; the end of the text where none follows. */
  indexFrom(position: number): number {
    return this.from(position)?.index ?? this.#text.length
  }
}
