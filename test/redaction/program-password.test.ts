import fc from 'fast-check'
import { programPasswordsIn } from '../../api/redaction/program-password.js'

/** What the code finds, as one expression that takes 512 steps a program. */
const PROGRAM_AND_FLAG =
  /(?:\b(?:mysql(?:dump|admin|check|import|show|slap)?|mariadb(?:-dump|-admin)?|mongo(?:sh|dump|restore)?)\b[^|;&\n]{0,512}?\s-p|\b(?:sshpass|plink)\b[^|;&\n]{0,512}?\s-pw?\s{1,8}|\bredis-cli\b[^|;&\n]{0,512}?\s-a\s{1,8}|\bldap(?:search|modify|add|delete|whoami)\b[^|;&\n]{0,512}?\s-w\s{1,8}|\bsqlcmd\b[^|;&\n]{0,512}?\s-P\s{0,8}|\bcurl\b[^|;&\n]{0,512}?\s(?:-u|-U|--user|--proxy-user)[=\s]\s{0,8})("[^"]{1,512}"|'[^']{1,512}'|[^\s"'|;&]{1,512})/dg

const PIECES = [
  ...[
    'mysql',
    'mysqldump',
    'mariadb',
    'mariadb-dump',
    'mongo',
    'mongosh',
    'sshpass',
    'plink',
    'redis-cli',
    'ldapsearch',
  ],
  ...[
    'sqlcmd',
    'curl',
    ' ',
    ' ',
    '  ',
    '\n',
    '|',
    ';',
    '&',
    '"',
    "'",
    'a',
    '-',
    '=',
    ' -p',
    ' -pw ',
    ' -a ',
    ' -w ',
    ' -P',
  ],
  ...[' -u ', ' -U=', ' --user ', ' --proxy-user=', 'x'.repeat(500), 'y'.repeat(511), 'z'.repeat(512), ' '.repeat(8)],
]

test('finds the passwords that its expression finds', () => {
  const texts = fc.array(fc.constantFrom(...PIECES), { maxLength: 20 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(texts, (text) => {
      const expected = [...text.matchAll(PROGRAM_AND_FLAG)].map(({ indices }) => ({
        at: indices?.[1]?.[0],
        end: indices?.[1]?.[1],
      }))
      expect([...programPasswordsIn(text)]).toEqual(expected)
    }),
    { numRuns: 5_000 },
  )
})

test.each([
  [511, true],
  [512, true],
  [513, false],
])('a flag %i characters behind its program is found: %s', (length, isFound) => {
  expect([...programPasswordsIn(`mysql${' '.repeat(length)} -phunter2`)]).toHaveLength(isFound ? 1 : 0)
})
