export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const BACKSLASH = 0x5c
export const OPEN_LIST = 0x5b
export const CLOSE_LIST = 0x5d
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d

/** Bytes that end a number or a word. */
export const ENDS_LITERAL = new Set(Buffer.from(' \t\r\n,:"[]{}'))

/** `\\u` and four digits. */
export const LONGEST_ESCAPE = 6

/** Bytes of a text that are looked at one by one. A native search takes over where it goes on. */
export const STRIDE = 32
