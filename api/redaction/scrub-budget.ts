/**
 * Characters that every text costs besides its own: each pattern is begun anew, so ten thousand arguments of one letter take as long
 * as many more letters in one.
 */
export const CHARACTERS_PER_TEXT = 128

/**
 * Characters of all texts of one container that are looked at. `npm run bench:scrub` measures 1.3 ms of CPU for as much ordinary
 * text, 4.3 ms for the most hostile one that was found, and 3 ms for as many short texts as fit.
 */
export const CONTAINER_SCRUB_CHARACTERS = 64 * 1024

/**
 * Characters of one log line that are looked at: the longest line there is, once. What a line of colours is without them is looked
 * at first, and both count.
 */
export const LINE_SCRUB_CHARACTERS = 64 * 1024 + CHARACTERS_PER_TEXT

/**
 * How much of one party's texts may still be looked at for secrets. It is counted in characters, which is exact enough: the most
 * hostile text costs three to four times as much a character as an ordinary one, since nothing that fails is tried again on the same
 * ground. It does not depend on the machine or the time, so the same answer is always cut at the same place.
 */
export class ScrubBudget {
  #left: number

  constructor(characters: number) {
    this.#left = characters
  }

  /** Whether all characters of a text of this length may be looked at. */
  affords(length: number): boolean {
    return length === 0 || this.#left >= CHARACTERS_PER_TEXT + length
  }

  /** Whether no further text may be looked at. */
  get isSpent(): boolean {
    return !this.affords(1)
  }

  /** Pays for a text of this length, and gives how many of its characters may be looked at. */
  spend(length: number): number {
    const room = this.affords(length) ? length : Math.max(0, this.#left - CHARACTERS_PER_TEXT)
    if (length > 0) this.#left = room < length ? 0 : this.#left - CHARACTERS_PER_TEXT - length
    return room
  }
}
