/** Content that is no JSON. */
export class PlainText {
  readonly text: string
  /** The Content-Type field. */
  readonly type: string

  constructor(text: string, type: string) {
    this.text = text
    this.type = type
  }
}
