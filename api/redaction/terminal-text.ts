/*
 * Escapes (ECMA-48, sections 5.3 to 5.6). Each ends before the next begins, so the time is linear in the text, unlike that of
 * Node's stripVTControlCharacters.
 */

/** Titles, link targets and the like: text that a terminal does not show inline. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL_STRINGS = /\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)/g

/** Colours, cursor movement and all other control sequences. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const ESCAPES = /\u001b\[[0-?]{0,256}[ -/]{0,16}[@-~]|\u001b[ -/]{0,16}[0-~]|\u0007/g

/** The text as a terminal would show it, without colours. */
export function withoutEscapes(text: string): string {
  return text.includes('\u001b') ? text.replace(CONTROL_STRINGS, '').replace(ESCAPES, '') : text
}
