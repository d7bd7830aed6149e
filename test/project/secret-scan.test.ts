/** @slow: each case is a git repository of its own */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rangesIn } from '../../scripts/supply/secret-files.js'
import { isSecretFile, MARKER, secretsIn } from '../../scripts/supply/secret-rules.js'

// Put together here, so that the scan of this project does not find them.
const RANDOM = 'q7Zr8vWx2Yb'.concat('C6dEfG1hJmLpQs')
const TOKEN = 'ghp_'.concat(RANDOM)
const KEY = ['-----BEGIN', 'PRIVATE KEY-----'].join(' ')
const KEY_LINE = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj'
const END = KEY.replace('BEGIN', 'END')

const SECRETS: readonly (readonly [string, string])[] = [
  ['a token', TOKEN],
  ['an access key', 'AKIA'.concat('QW4RTY7UIOP2ASDF')],
  ['a JWT', ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiJtZSJ9', RANDOM].join('.')],
  ['a password hash', '$2b$12$'.concat('abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234')],
  ['a key', `${KEY}\n${KEY_LINE}\n${END}`],
  ['a key that is cut short', `${KEY}\n${KEY_LINE}`],
  ['a key in one line', `const key = '${KEY}\\n${KEY_LINE}\\n${END}'`],
  ['an encrypted key', `${KEY}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0011\n\n${KEY_LINE}`],
  ['a URL', 'postgres://app:'.concat('tr0ub4dor@db/app')],
  ['an assignment', `JWT_SECRET=${RANDOM}`],
  ['an assignment within a value', `environment: "DB_PASSWORD=${RANDOM}"`],
  ['a property', `  password: '${RANDOM}',`],
  ['JSON', `{"apiKey":"${RANDOM}"}`],
]

describe('secretsIn', () => {
  test.each(SECRETS)('finds %s, on its line', (_what, secret) => {
    const found = secretsIn(`one\ntwo\n${secret}\nfour\n`)
    expect(found.map(({ line }) => line)).toContain(3)
    expect(JSON.stringify(found)).not.toContain(secret.slice(-12))
  })

  test('finds the second key where the first has no end', () => {
    expect(secretsIn(`${KEY}\n${KEY_LINE}\n${KEY}\n${KEY_LINE}`).map(({ line }) => line)).toEqual([1, 3])
  })

  test.each([
    ['a mention of a key', `if (text.startsWith('${KEY}')) return`],
    ['a template', `redis://default:\${PASSWORD}@cache`],
    ['what redaction leaves', 'https://[redacted]@host'],
    ['a place to fill in', 'https://USER:PASSWORD@host and $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>'],
    ['a type', 'readonly refreshToken: RefreshTokenOfTheSession1'],
    ['words', 'password: correct-horse-battery-staple'],
    ['a path', 'JWT_SECRET_FILE=/run/secrets/jwt-secret-2026-q3'],
    ['an identifier', 'tokenId: 3f0c1f0e-6a55-4d0e-9a39-0c6f7a3f9c11'],
    ['a checksum', `"integrity": "sha512-${RANDOM}${RANDOM}=="`],
    ['a made-up one that says so', `password: 'planted-${RANDOM}'`],
    ['a made-up one in a URL', 'amqp://svc:hunter2@queue'],
    ['a marked line', `const SECRET = '${RANDOM}' // ${MARKER}`],
    ['a line under a marked one', `// ${MARKER}\nconst SECRET = '${RANDOM}'`],
  ])('passes %s', (_what, text) => {
    expect(secretsIn(text)).toEqual([])
  })

  test('a mark holds for one line', () => {
    expect(secretsIn(`// ${MARKER}\nconst a = 1\nconst SECRET = '${RANDOM}'`)).toHaveLength(1)
  })

  test('takes a time that grows no faster than the text', () => {
    for (const piece of [`${KEY} `, `${KEY}${END}`, 'token=', 'a', '://', 'eyJ', '$5$', '"', '\n', 'password: "'])
      expect(secretsIn(piece.repeat(Math.floor(300_000 / piece.length)))).toBeDefined()
  })
})

describe('isSecretFile', () => {
  test('knows the names that files with secrets have', () => {
    for (const path of ['.env', 'a/.env.production', 'tls/server.key', 'ca.pem', 'x.p12', 'home/id_ed25519', '.netrc'])
      expect([path, isSecretFile(path)]).toEqual([path, true])
    for (const path of ['.env.example', 'api/config/environment.ts', 'docs/keys.md', 'monkey', 'id_rsa.pub', 'key'])
      expect([path, isSecretFile(path)]).toEqual([path, false])
  })
})

describe('rangesIn', () => {
  test('reads the lines that a diff adds, and no line of the text for a header', () => {
    const diff = '@@ -1 +1,2 @@ f\n+a\n+@@ -9 +9 @@\n@@ -5,2 +7 @@\n+b\n@@ -9,3 +8,0 @@\n-x'
    expect(rangesIn(diff)).toEqual([
      { first: 1, last: 2 },
      { first: 7, last: 7 },
      { first: 8, last: 7 },
    ])
  })
})

/** A hook that runs these tests has set where git works; the tests' repositories are others, of an author of their own. */
const AUTHOR = { name: 'Test', email: 'test@example.org' }
const ENV = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
  ...{ GIT_AUTHOR_NAME: AUTHOR.name, GIT_AUTHOR_EMAIL: AUTHOR.email },
  ...{ GIT_COMMITTER_NAME: AUTHOR.name, GIT_COMMITTER_EMAIL: AUTHOR.email },
}
const describeGit = spawnSync('git', ['--version']).status === 0 ? describe : describe.skip

describeGit('a repository', () => {
  const project = process.cwd()
  let folder = ''

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'porthole-scan-'))
    git('init', '--quiet')
  })

  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  function git(...args: string[]) {
    const run = spawnSync('git', args, { cwd: folder, env: ENV, encoding: 'utf8' })
    if (run.status !== 0) throw new Error(run.stderr)
  }

  function write(path: string, content: string | Buffer) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }

  /** The program `tsx` would start a second Node, which takes as long as the scan. */
  const loader = pathToFileURL(require.resolve('tsx')).href

  function scan(...args: string[]) {
    const command = ['--import', loader, join(project, 'scripts/secret-scan.ts'), ...args]
    const run = spawnSync(process.execPath, command, { cwd: folder, env: ENV, encoding: 'utf8' })
    return { code: run.status, said: run.stdout + run.stderr }
  }

  test('with planted secrets is refused, and none of them is printed', () => {
    SECRETS.forEach(([, secret], index) => {
      write(`dir with blanks/${index}.txt`, `first\n${secret}\n`)
    })
    write('[odd] *.txt', `${TOKEN}\n`)
    write('server.p12', Buffer.from([0, 1, 2]))
    git('add', '--all')
    const { code, said } = scan()
    expect(code).toBe(1)
    for (const index of SECRETS.keys()) expect(said).toContain(`dir with blanks/${index}.txt:2: `)
    expect(said).toContain('[odd] *.txt:1: ')
    expect(said).toContain('server.p12: is a file of the kind that holds secrets')
    for (const secret of [RANDOM, KEY_LINE, 'tr0ub4dor']) expect(said).not.toContain(secret)
    expect(scan('--all').code).toBe(1)
  })

  test('is judged by what is staged: not by the working tree, and not by lines that stood there before', () => {
    write('old.txt', `${TOKEN}\nplain\n`)
    git('add', '--all')
    git('commit', '--quiet', '--message', 'Before the scan', '--no-verify')
    write('old.txt', `${TOKEN}\nplain\nmore\n`)
    write('gone.txt', `${TOKEN}\n`)
    git('add', '--all')
    write('gone.txt', 'clean\n')
    write('unstaged.txt', `${TOKEN}\n`)
    const { code, said } = scan()
    expect([code, said.match(/^secret-scan: \S+:\d+/gm)]).toEqual([1, ['secret-scan: gone.txt:1']])
    git('add', 'gone.txt')
    expect(scan()).toEqual({ code: 0, said: 'secret-scan: nothing in 2 files\n' })
  })

  test('may hold a key line by line: the line that makes it a key is the one that counts', () => {
    write('key.txt', `${KEY}\n`)
    git('add', '--all')
    git('commit', '--quiet', '--message', 'A header')
    write('key.txt', `${KEY}\n${KEY_LINE}\n`)
    git('add', '--all')
    expect(scan().said).toContain('key.txt:1: is a private key')
  })

  test('may hold binary files, links, deleted files, and files longer than what is looked at', () => {
    write('binary', Buffer.concat([Buffer.from([0]), Buffer.from(TOKEN)]))
    write('long.txt', `${'words and more words\n'.repeat(60_000)}${TOKEN}\n`)
    write('deleted.txt', 'x')
    symlinkSync('nowhere', join(folder, 'link'))
    git('add', '--all')
    git('commit', '--quiet', '--message', 'Before')
    rmSync(join(folder, 'deleted.txt'))
    write('binary', Buffer.concat([Buffer.from([0, 0]), Buffer.from(TOKEN)]))
    write('long.txt', `${TOKEN}\n${'words and more words\n'.repeat(60_000)}`)
    git('add', '--all')
    const { code, said } = scan()
    expect(code).toBe(1)
    expect(said).toContain('long.txt: only the first 1048576 bytes were looked at')
    expect(said).toContain('long.txt:1: ')
    expect(said).not.toContain('binary:')
  })

  test('passes clean, with nothing staged, with ignored files, and with what was accepted in that file', () => {
    expect(scan()).toEqual({ code: 0, said: 'secret-scan: nothing in 0 files\n' })
    write('.gitignore', 'build/\n.env\n*.log\n')
    write('build/out.txt', TOKEN)
    write('.env', TOKEN)
    write('a.log', TOKEN)
    write('scripts/made-up.txt', `${TOKEN}\n`)
    expect(scan('--all').said).toContain('secret-scan: scripts/made-up.txt:1: ')
    expect(scan('--accept').code).toBe(0)
    const accepted = readFileSync(join(folder, 'scripts/secrets-accepted.txt'), 'utf8')
    expect(accepted).toMatch(/^[0-9a-f]{16} scripts\/made-up\.txt\n$/)
    expect(scan('--all')).toEqual({ code: 0, said: 'secret-scan: nothing in 3 files\n' })
    write('elsewhere.txt', TOKEN)
    write('scripts/made-up.txt', `${TOKEN} ${TOKEN.toLowerCase()}\n`)
    expect(scan('--all').said.match(/^secret-scan: \S+:\d+/gm)).toEqual([
      'secret-scan: elsewhere.txt:1',
      'secret-scan: scripts/made-up.txt:1',
    ])
  })

  test('is guarded by the hook', () => {
    for (const path of ['.githooks', 'scripts', 'api/redaction', 'biome.json', 'tsconfig.json', 'package.json'])
      cpSync(join(project, path), join(folder, path), { recursive: true })
    symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'))
    write('.gitignore', 'node_modules\n')
    git('config', 'core.hooksPath', '.githooks')
    write('api/fine.ts', "export const FINE = 'fine'\n")
    git('add', 'api/fine.ts', '.gitignore')
    git('commit', '--quiet', '--message', 'Fine')
    write('api/wrong.ts', `export const WRONG: number = '${TOKEN}';\n`)
    git('add', 'api/wrong.ts')
    const commit = spawnSync('git', ['commit', '--message', 'Wrong'], { cwd: folder, env: ENV, encoding: 'utf8' })
    expect(commit.status).not.toBe(0)
    for (const name of ['secrets', 'lint and format', 'types'])
      expect(commit.stderr).toContain(`pre-commit: ${name} failed`)
    expect(commit.stdout + commit.stderr).toContain('api/wrong.ts:1: has the shape of a token')
  }, 60_000)
})
