import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface Certificates {
  readonly directory: string
  /** Makes a CA, or a certificate that signs itself. */
  authority(name: string, extension?: string): Certificate
  /** Makes a certificate of that CA. `days` may be negative: it has expired, then. */
  issue(name: string, ca: string, extensions: readonly string[], days?: number): Certificate
  path(file: string): string
  remove(): void
}

/**
 * A directory in which openssl makes what a test needs, so that no key lies in the repository and none ever expires
 * there.
 */
export function makeCertificates(): Certificates {
  const directory = mkdtempSync(join(tmpdir(), 'certificates-'))
  const path = (file: string) => join(directory, file)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const read = (name: string) => ({
    cert: readFileSync(path(`${name}.pem`), 'utf8'),
    key: readFileSync(path(`${name}.key`), 'utf8'),
  })
  return {
    directory,
    path,
    authority(name, extension) {
      const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`]
      const added = extension === undefined ? [] : ['-addext', extension]
      openssl('req', '-x509', ...newKey, ...files, '-days', '2', '-subj', `/CN=${name}`, ...added)
      return read(name)
    },
    issue(name, ca, extensions, days = 2) {
      openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
      writeFileSync(path(`${name}.ext`), `${extensions.join('\n')}\n`)
      const signer = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-extfile', `${name}.ext`]
      openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signer, '-days', String(days))
      return read(name)
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}
