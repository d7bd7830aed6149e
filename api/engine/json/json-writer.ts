/** Bytes at first: most answers are small. */
const FIRST_BYTES = 4 * 1024

/** Copying few bytes one by one is faster than a native copy. */
const FEW_BYTES = 24

/** Bytes of JSON that are put together, in one buffer that grows. */
export class JsonWriter {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES)
  #size = 0

  get size(): number {
    return this.#size
  }

  clear(): void {
    this.#size = 0
  }

  /** Takes back what was written from there on. */
  cutBack(size: number): void {
    this.#size = size
  }

  byte(byte: number): void {
    this.#makeRoom(1)
    this.#buffer[this.#size] = byte
    this.#size += 1
  }

  bytes(from: Buffer, start: number, end: number): void {
    const count = end - start
    if (count <= 0) return
    this.#makeRoom(count)
    if (count > FEW_BYTES) from.copy(this.#buffer, this.#size, start, end)
    else for (let at = 0; at < count; at += 1) this.#buffer[this.#size + at] = from[start + at] ?? 0
    this.#size += count
  }

  /** ASCII characters. */
  ascii(text: string): void {
    this.#makeRoom(text.length)
    this.#size += this.#buffer.write(text, this.#size, 'latin1')
  }

  /** What was written from there on. */
  text(start: number): string {
    return this.#buffer.toString('utf8', start, this.#size)
  }

  #makeRoom(count: number): void {
    if (this.#size + count <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#size + count))
    this.#buffer.copy(larger, 0, 0, this.#size)
    this.#buffer = larger
  }
}
