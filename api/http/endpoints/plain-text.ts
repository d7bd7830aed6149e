/** Content that is no JSON. */
export class PlainText {
  readonly text: string
  /** The Content-Type field. */
  readonly type: string
  /** The full id of the one container that it tells of; null for lists. */
  readonly container: string | null
  /** Further response fields. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    text: string,
    type: string,
    about: { readonly container?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    this.text = text
    this.type = type
    this.container = about.container ?? null
    this.headers = about.headers ?? {}
  }
}
