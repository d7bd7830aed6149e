import {
  isLetter,
  isLowerCaseOrDigit,
  isNameCharacter,
  isNameStart,
  isSpace,
  isUpperCase,
} from '../../api/redaction/characters.js'

test.each([
  [isSpace, /\s/],
  [isLetter, /[A-Za-z]/],
  [isNameStart, /[A-Za-z_]/],
  [isNameCharacter, /[A-Za-z0-9_.-]/],
  [isUpperCase, /[A-Z]/],
  [isLowerCaseOrDigit, /[a-z0-9]/],
])('%p tells what its regular expression tells, of every code unit', (isOne, pattern) => {
  const differing = Array.from({ length: 0x1_0000 }, (_, code) => code).filter(
    (code) => isOne(code) !== pattern.test(String.fromCharCode(code)),
  )
  expect(differing).toEqual([])
  // What charCodeAt gives beyond the end.
  expect(isOne(Number.NaN)).toBe(false)
})
