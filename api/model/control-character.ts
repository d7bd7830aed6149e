/** Whether a text holds a control character: C0, DEL or C1 (Unicode's category Cc). In a log or at a terminal they act. */
export function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text)
}
