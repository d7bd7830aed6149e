import { createReadStream } from 'node:fs'
import { LineSplitter } from '../audit/line-splitter.js'
import { ChainVerifier, type VerifyReport } from '../audit/verify.js'
import { type Arguments, type Command, type Io, UsageError } from './command.js'
import { EXIT_FAILURE, EXIT_OK } from './exit-code.js'

/** How gzip begins (RFC 1952 section 2.3.1). */
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

const HELP = `Usage: porthole audit verify FILE... [options]

Checks that the records of an audit trail are whole and in order: that none was altered, removed, moved, repeated or put
in between. Give rotated files oldest first, as in: audit.log.2 audit.log.1 audit.log. A dash reads the standard input.

Options:
  --mixed          pass over lines that are no records, and unwrap what docker's json-file log driver wrapped
  --head HASH      the last record must have this hash: shows that nothing is missing at the end
  --contains HASH  some record must have this hash: a head that was noted earlier, of a trail that went on since
  --json           print the result as JSON
  -h, --help       this text

Exit codes: 0 whole, 1 broken (the first line that does not fit is named), 2 asked for wrongly.
What a whole chain proves, and what it does not: docs/audit.md.

Example: zcat audit.log.2.gz | porthole audit verify - audit.log.1 audit.log
`

export const auditVerify: Command = {
  name: 'audit verify',
  help: HELP,
  options: {
    mixed: { type: 'boolean' },
    head: { type: 'string' },
    contains: { type: 'string' },
    json: { type: 'boolean' },
  },
  takesOperands: true,
  run: verifyFiles,
}

async function verifyFiles(given: Arguments, io: Io): Promise<number> {
  const { operands } = given
  if (operands.length === 0) throw new UsageError('audit verify: name the files, oldest first, or - for standard input')
  if (operands.filter((file) => file === '-').length > 1)
    throw new UsageError('audit verify: the standard input can be read once only')
  const verifier = new ChainVerifier({
    isMixed: given.flag('mixed'),
    head: readHash(given, 'head'),
    contains: readHash(given, 'contains'),
  })
  for (const file of operands) await verifyFile(file, io.stdin, verifier)
  const report = verifier.finish()
  io.stdout.write(given.flag('json') ? `${JSON.stringify(report, null, 2)}\n` : describe(report))
  return report.ok ? EXIT_OK : EXIT_FAILURE
}

async function verifyFile(file: string, stdin: Io['stdin'], verifier: ChainVerifier): Promise<void> {
  const splitter = new LineSplitter(file, (line) => verifier.check(line))
  let isFirst = true
  try {
    for await (const chunk of file === '-' ? stdin : createReadStream(file)) {
      const bytes = Buffer.from(chunk)
      if (isFirst && GZIP_MAGIC.equals(bytes.subarray(0, GZIP_MAGIC.length)))
        throw new UsageError(`audit verify: ${file} is compressed; use zcat ${file} | porthole audit verify -`)
      isFirst = false
      if (!splitter.push(bytes)) return
    }
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`audit verify: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
  }
  splitter.end()
}

function readHash(given: Arguments, option: string): string | null {
  const text = given.text(option)
  if (text === undefined) return null
  if (!/^[0-9a-f]{64}$/.test(text)) throw new UsageError(`audit verify: --${option} takes 64 lower-case hex digits`)
  return text
}

function describe({ ok, records, firstSeq, lastSeq, head, notes, broken }: VerifyReport): string {
  const span = firstSeq === null ? '' : `, seq ${firstSeq} to ${lastSeq}`
  const where = broken === null || broken.line === 0 ? '' : `${broken.file}:${broken.line}: `
  return [
    ...notes.map((note) => `note: ${note}\n`),
    broken === null ? '' : `${where}${broken.problem}\n`,
    `${ok ? 'whole' : 'BROKEN'}: ${records} ${ok ? 'records' : 'records are good before that'}${span}\n`,
    head === null ? '' : `head: ${head}\n`,
  ].join('')
}
