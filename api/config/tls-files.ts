import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { AddFault, DockerSettings, EndpointMachine, SettingNames } from './endpoint-settings.js'

/** What mutual TLS needs, as PEM texts. */
interface Identity {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

interface TlsContext {
  /** The setting that asks for TLS. */
  readonly asker: keyof DockerSettings
  readonly names: SettingNames
  readonly machine: EndpointMachine
  readonly fault: AddFault
}

/** The file names in a certificate directory of docker's own tools. */
const DIRECTORY_FILES = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' } as const

/** The three PEM texts, each checked as far as possible without the engine; null if one is missing. */
export function readTlsFiles(settings: DockerSettings, context: TlsContext): Identity | null {
  const { fault, machine } = context
  const directory =
    settings.certPath && machine.isDirectory(settings.certPath) ? settings.certPath.replace(/\/+$/, '') : null
  const inDirectory = (file: string) => (directory === null ? undefined : `${directory}/${file}`)
  const settingOf = (own: 'caPath' | 'keyPath') => (settings[own] || directory === null ? own : 'certPath')
  const [caSetting, keySetting] = [settingOf('caPath'), settingOf('keyPath')] as const
  const certPath = directory === null ? settings.certPath : inDirectory(DIRECTORY_FILES.cert)
  const ca = readPem(caSetting, settings.caPath || inDirectory(DIRECTORY_FILES.ca), 'the CA', context)
  const cert = readPem('certPath', certPath, 'the client certificate', context)
  const keyPath = settings.keyPath || inDirectory(DIRECTORY_FILES.key)
  const key = readPem(keySetting, keyPath, "the client certificate's key", context)

  if (ca !== null) checkCertificates(caSetting, 'the CA', parseCertificates(ca), machine.now, fault)
  const client = cert === null ? [] : parseCertificates(cert).slice(0, 1)
  if (cert !== null) checkCertificates('certPath', 'the client certificate', client, machine.now, fault)
  const privateKey = key === null ? null : readKey(keySetting, key, fault)
  const [leaf] = client
  if (leaf && privateKey && !leaf.checkPrivateKey(privateKey))
    fault(keySetting, 'does not belong to the client certificate', 'name the key that the certificate was made with')
  return ca === null || cert === null || key === null ? null : { ca, cert, key }
}

function readPem(
  setting: keyof DockerSettings,
  path: string | undefined,
  role: string,
  { asker, names, machine, fault }: TlsContext,
): string | null {
  if (!path) {
    fault(
      setting,
      `is missing, and ${names[asker]} asks for TLS`,
      `name the PEM file of ${role}, or set ${names.certPath} to the directory that holds ca.pem, cert.pem and key.pem`,
    )
    return null
  }
  try {
    return machine.readFile(path)
  } catch (error) {
    const code = (error as { code?: unknown } | null)?.code
    const why = typeof code === 'string' && /^E[A-Z]+$/.test(code) ? ` (${code})` : ''
    fault(setting, `names a file that cannot be read${why}`, `check that the PEM file of ${role} is there and readable`)
    return null
  }
}

/** A bundle is valid while one of its certificates is, because roots are renewed by adding the next one. */
function checkCertificates(
  setting: keyof DockerSettings,
  role: string,
  certificates: readonly (X509Certificate | null)[],
  now: number,
  fault: AddFault,
): void {
  const good = certificates.filter((certificate) => certificate !== null)
  if (good.length === 0 || good.length < certificates.length) {
    fault(setting, `names no PEM certificate of ${role}`, 'name a file that begins with -----BEGIN CERTIFICATE-----')
    return
  }
  const isOver = (certificate: X509Certificate) => Date.parse(certificate.validTo) < now
  const isAhead = (certificate: X509Certificate) => Date.parse(certificate.validFrom) > now
  if (good.some((certificate) => !isOver(certificate) && !isAhead(certificate))) return
  if (good.every(isOver)) fault(setting, `has expired: ${role} is no longer valid`, 'issue a new one')
  else fault(setting, `is not valid yet: ${role} begins later`, 'check the clock of this machine')
}

/** Parses each block. Null stands for a block that is not a certificate. */
function parseCertificates(pem: string): (X509Certificate | null)[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => {
    try {
      return new X509Certificate(block)
    } catch {
      return null
    }
  })
}

function readKey(setting: keyof DockerSettings, pem: string, fault: AddFault): KeyObject | null {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    fault(setting, 'names a key that is encrypted', 'decrypt it with: openssl pkey -in KEY -out PLAIN')
    return null
  }
  try {
    if (/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(pem)) return createPrivateKey(pem)
  } catch {
    // Falls through to the fault: the library's message may quote the text.
  }
  fault(setting, 'names no PEM private key', 'name a file that begins with -----BEGIN PRIVATE KEY-----')
  return null
}
