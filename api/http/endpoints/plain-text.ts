/** Content that is not JSON. */
export class PlainText {
  readonly text: string
  /** The Content-Type field. */
  readonly type: string
  /** Further response fields. */
  readonly headers: Readonly<Record<string, string>>

  constructor(text: string, type: string, headers: Readonly<Record<string, string>> = {}) {
    this.text = text
    this.type = type
    this.headers = headers
  }
}
