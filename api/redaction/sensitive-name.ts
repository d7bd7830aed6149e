import { isLowerCaseOrDigit, isUpperCase } from './characters.js'
import { SENSITIVE_NAME, SENSITIVE_STEM } from './tables.js'

/** `mailPass` and `MAIL_PASS` are the same name: capitals separate words too. */
export function isSensitiveName(name: string): boolean {
  if (!SENSITIVE_STEM.test(name)) return false
  let start = 0
  while (name[start] === '-') start += 1
  const bare = name.slice(start)
  if (SENSITIVE_NAME.test(bare)) return true
  const separated = wordsSeparated(bare)
  return separated !== bare && SENSITIVE_NAME.test(separated)
}

/** `mail-Pass` for `mailPass`. */
function wordsSeparated(name: string): string {
  let separated = ''
  let from = 0
  for (let i = 1; i < name.length; i += 1) {
    if (!isUpperCase(name.charCodeAt(i)) || !isLowerCaseOrDigit(name.charCodeAt(i - 1))) continue
    separated += `${name.slice(from, i)}-`
    from = i
  }
  return separated + name.slice(from)
}
