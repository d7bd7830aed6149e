/** An ordinary line of a log. Others' costs are told in its. */
export const BENIGN_UNIT =
  'time="2026-11-24T02:48:57Z" level=info msg="GET /api/v1/items?page=2 200 in 12 ms" user=jane host=web-1 path=/srv/app/index.js '

/** Repeated, each makes redaction look at much: found by reading the patterns, by two attacks and by `npm run bench:scrub -- SECONDS`. */
export const HOSTILE_UNITS: readonly string[] = [
  // A value that is opened and not closed, or a flag, a user or a driver that does not come.
  ...[
    'pw={,',
    'pw=[,',
    'pw={',
    'pw="',
    "pw='",
    'pw=\\"',
    'pw=${a',
    'pw=aa(  ',
    'token=\\"x ',
    'pw=$',
    'pw: ',
    'pw=a,',
    '--pw "',
  ],
  ...['a:b@tcp(password={:', 'a:@tcp(', 'a:b', 'a.a', '@tcp(', 'tcp('],
  ...['curl ', 'curl -', 'curl -u "', 'mysql ', 'mysql -', 'ldapsearch ', 'plink ', 'redis-cli -a "'],
  ...['://a:', '://', '://:', '://a:@', 'https://', 'https://discord', 'https://hooks.slack.com/services/', 'a:b@'],
  // Names and separators without number.
  ...['a=', 'a: ', 'a =', 'a:=', 'ab=', 'apW=', 'sigx=', 'aBaB=', 'name=', 'name=a,', 'name=a,value=', 'pw', 'a.b-c_'],
  ...['--a ', '--password ', '--pwx ', '<a>', '<a>b', '<pw>a', '<password>', '-a"', '<'],
  ...[
    'authorization: =" ',
    'cookie:="',
    'cookie: a ',
    'identified by ',
    'identified with a ',
    'password ',
    'password "',
  ],
  // Shapes that begin and do not go on.
  ...[
    'eyJ',
    'eyJ-',
    'eyJaaaaa.',
    'eyJaaaaa.aa',
    'sk-',
    'pypi-',
    'glsa_a',
    'SG.',
    '$1$',
    '$2y$',
    '{SHA}',
    'bot123456',
    'Basic ',
  ],
  ...['-----BEGIN ', '-----BEGIN A A A', '-----BEGIN PRIVATE KEY-----', 'glpat-', 'SWM', 'gh', 'bearer\t'],
  // Runs.
  ...[
    'a',
    'A',
    '0',
    '-',
    '_',
    '.',
    ':',
    '=',
    '"',
    "'",
    '\\',
    '\\"',
    '[',
    '{',
    '$',
    '@',
    '/',
    ' ',
    '  =',
    '\t',
    '\n',
    '\u00a0',
    '\u{1f433}',
  ],
]

/** What stands at the end, so that no look ahead for it fails at once. */
export const HOSTILE_ENDS: readonly string[] = ['', '@', '@tcp(', ' -p ', '"', ']', '\\']

export function fill(unit: string, length: number, end = ''): string {
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length - end.length) + end
}
