/*
 * What redaction searches for: names, shapes and programs. A new kind of secret is a row here and a case in
 * test/redaction/scrub.test.ts. A pattern here takes time in proportion to the text, whatever the text is: what could not is in
 * code beside this file. `npm run bench:scrub` and test/redaction/scrub.timing.test.ts measure it.
 */

/**
 * Names whose values are secret everywhere: in labels, in flags, in `NAME=value`. A false match hides a harmless value; a missed
 * name leaks a secret. Each pattern stands under a text that every match of it contains: most names contain none of these, and
 * that is quickly told.
 */
const SENSITIVE_NAMES: Readonly<Record<string, readonly string[]>> = {
  pass: [
    'passw',
    'passphrase',
    'passcode',
    '(?:^|[-_.])(?:require|master|user|db|root|admin)?pass(?:$|[-_.])',
    '(?:^|[-_.])(?:store|key)pass(?:$|[-_.])',
    '(?:pg|mysql|smtp|ldap|ftp|redis|mongo)[-_]?pass',
    'htpasswd',
  ],
  pw: [
    '(?:^|[-_.])(?:pwd|pw)(?:$|[-_.])',
    '(?:root|admin|user|db)pw$',
    '(?:pg|mysql|smtp|ldap|ftp|redis|mongo)[-_]?pwd',
  ],
  psk: ['(?:^|[-_.])psk(?:$|[-_.])'],
  secret: ['secret'],
  token: ['token(?!iz)'],
  credential: ['credential'],
  key: [
    'api[-_.]?key',
    'access[-_.]?key',
    'private[-_.]?key',
    'encryption[-_.]?key',
    'signing[-_.]?key',
    'secret[-_.]?key',
    '(?:^|[-_.])(?:auth|licen[cs]e|master|hmac)?key$',
  ],
  auth: ['authori[sz]ation', '(?:^|[-_.])(?:master)?auth(?:$|[-_.])', 'basic[-_.]?auth', 'digest[-_.]?auth'],
  cookie: ['cookie'],
  bearer: ['bearer'],
  conn: ['connection[-_.]?string', 'conn[-_.]?str'],
  dsn: ['(?:^|[-_.])dsn(?:$|[-_.])'],
  session: ['session[-_.]?(?:id|key)'],
  webhook: ['webhook[-_.]?url'],
  salt: ['(?:^|[-_.])salt(?:$|[-_.])'],
  sig: ['(?:^|[-_.])sig(?:nature)?$'],
}

export const SENSITIVE_NAME = new RegExp(Object.values(SENSITIVE_NAMES).flat().join('|'), 'i')
export const SENSITIVE_STEM = new RegExp(Object.keys(SENSITIVE_NAMES).join('|'), 'i')

/** Names of labels that hold a list of accounts (Traefik: basicauth.users, digestauth.users; also `users` alone). */
export const ACCOUNT_LABEL = /(?:^|[-_.])users?$/i

/**
 * Shapes that are secret under any name. Quantifiers that could backtrack on hostile text are bounded, so the time is linear in the
 * text. scripts/secret-scan.ts searches the sources for the same shapes.
 */
export const SECRET_SHAPES: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  // RFC 7519: three base64url parts, of which the first begins a JSON object.
  // Text that repeats the beginning is scanned once, not from each of them.
  /\beyJ(?:(?!-eyJ)[A-Za-z0-9_-]){5,1024}\.[A-Za-z0-9_-]{2,8192}\.[A-Za-z0-9_-]{0,2048}/g,
  // Our refresh tokens.
  /\bphr\.[0-9a-f-]{36}\.\d{1,9}\.[\w-]{43}(?:\.[\w-]{43})?/g,
  /\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{20,255}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,255}/g,
  /\bgl(?:pat|ptt|dt|rt|cbt|ft)-[A-Za-z0-9_-]{16,255}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,255}/g,
  /\bxapp-[A-Za-z0-9-]{10,255}/g,
  /\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,255}/g,
  /\bsk-[A-Za-z0-9_-]{20,255}/g,
  /\bwhsec_[A-Za-z0-9+/=]{16,255}/g,
  /\bAIza[0-9A-Za-z_-]{35}/g,
  /\bya29\.[0-9A-Za-z_-]{20,1024}/g,
  /\bGOCSPX-[A-Za-z0-9_-]{20,255}/g,
  /\bnpm_[A-Za-z0-9]{30,255}/g,
  /\bpypi-[A-Za-z0-9_-]{32,1024}/g,
  /\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,255}/g,
  /\bhv[sbr]\.[A-Za-z0-9_-]{20,1024}/g,
  /\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,128}/g,
  /\bSWMTKN-1-[a-z0-9-]{20,255}/g,
  /\bSWMKEY-1-[A-Za-z0-9+/=-]{20,255}/g,
  /\bdop_v1_[a-f0-9]{64}/g,
  /\bAGE-SECRET-KEY-1[A-Z0-9]{20,100}/g,
  /\bhttps:\/\/hooks\.slack\.com\/services\/[A-Za-z0-9/]{20,128}/g,
  /\bhttps:\/\/discord(?:app)?\.com\/api\/webhooks\/[A-Za-z0-9/_-]{20,160}/g,
  /\btskey-[a-z]{3,16}-[A-Za-z0-9-]{8,128}/g,
  /\bglsa_[A-Za-z0-9]{20,64}_[A-Fa-f0-9]{8}/g,
  // Telegram's bot tokens, as in its URLs.
  /\bbot\d{6,12}:[A-Za-z0-9_-]{30,64}/g,
  // crypt(3), bcrypt, apr1, argon2 and LDAP's hashes, as in htpasswd files and Traefik labels ($$ is compose's escape).
  /\${1,2}(?:apr1|1|5|6|y|2[abxy]|scrypt|pbkdf2[a-z0-9-]{0,10})\${1,2}[^\s"',;|]{8,512}/g,
  /\${1,2}argon2(?:id|i|d)\${1,2}[^\s"';|]{8,512}/g,
  /\{(?:S?SHA|S?SHA(?:256|384|512)|SSHA|MD5|SMD5|CRYPT)\}[A-Za-z0-9+/=$.]{8,512}/g,
]

/**
 * Header fields that are secret to the end of their line, for any scheme or cookie. Within a command a quote ends the line, unless
 * a value in it begins with that quote.
 */
export const SECRET_FIELD =
  /\b((?:proxy-)?authorization|(?:set-)?cookie)(\s{0,3}:\s{0,3})((?:[=\s]"[^"\r\n]{0,4096}"|[^\r\n"']){1,4096})/gi

/** RFC 7235 credentials in running text: a header in a command or in a log line. */
export const AUTH_SCHEME = /\b(Bearer|Basic|Digest|Negotiate)(\s+)[A-Za-z0-9+/=._~-]{8,8192}/gi

/** A name that is itself a value, with its value beside it, as in lists of variables of compose and Kubernetes. */
export const NAME_AND_VALUE =
  /["']?\bname["']?\s{0,3}[:=]\s{0,3}["']?([\w.-]{1,64})["']?\s{0,3},\s{0,3}["']?value["']?\s{0,3}[:=]\s{0,3}/gi

/** SQL that sets a password. */
export const SQL_PASSWORD =
  /(\bidentified\s{1,8}(?:with\s{1,8}\w{1,64}\s{1,8})?(?:by|as)\s{1,8}(?:password\s{1,8})?|\bpassword\s{1,8})('[^']{0,512}'|"[^"]{0,512}")/gi

/** Characters between a program and its flag. A longer command is passed over. */
export const MAX_BEFORE_FLAG = 512

/** What ends a command, so that a flag beyond it belongs to another program. */
export const COMMAND_END = /[|;&\n]/g

/** Programs with short flags for passwords, within one string, and the flag. Its value follows. */
export const PROGRAMS_AND_FLAGS: readonly { readonly program: RegExp; readonly flag: RegExp }[] = [
  {
    program: /mysql(?:dump|admin|check|import|show|slap)?|mariadb(?:-dump|-admin)?|mongo(?:sh|dump|restore)?/,
    flag: /\s-p/,
  },
  { program: /sshpass|plink/, flag: /\s-pw?\s{1,8}/ },
  { program: /redis-cli/, flag: /\s-a\s{1,8}/ },
  { program: /ldap(?:search|modify|add|delete|whoami)/, flag: /\s-w\s{1,8}/ },
  { program: /sqlcmd/, flag: /\s-P\s{0,8}/ },
  { program: /curl/, flag: /\s(?:-u|-U|--user|--proxy-user)[=\s]\s{0,8}/ },
]

/** The value of such a flag. */
export const PROGRAM_FLAG_VALUE = /"[^"]{1,512}"|'[^']{1,512}'|[^\s"'|;&]{1,512}/

/** The same for separate arguments, as in `mysql -pSECRET` or `curl -u user:password`. */
export const SHORT_PASSWORD_FLAGS: ReadonlyMap<string, RegExp> = new Map([
  ['mysql', /^-p/],
  ['mysqldump', /^-p/],
  ['mysqladmin', /^-p/],
  ['mysqlcheck', /^-p/],
  ['mysqlimport', /^-p/],
  ['sqlcmd', /^-P/],
  ['mosquitto_sub', /^-P/],
  ['mosquitto_pub', /^-P/],
  ['mariadb', /^-p/],
  ['mariadb-dump', /^-p/],
  ['mariadb-admin', /^-p/],
  ['mongo', /^-p/],
  ['mongosh', /^-p/],
  ['sshpass', /^-p/],
  ['redis-cli', /^-a/],
  ['curl', /^(?:-[uU]|--user|--proxy-user)(?==|$|[^-])/],
  ['plink', /^-pw$/],
  ['ldapsearch', /^-w/],
  ['smbclient', /^-U/],
])
