/** Whether a text holds a control character: C0, DEL or C1 (Unicode's category Cc). A log or a terminal may act on one. */
export function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text)
}
