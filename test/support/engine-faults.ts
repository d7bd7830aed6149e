import type { Fault } from '../../demo/engine.js'

/** What an engine, or a proxy before it, may do instead of answering. */
export const ENGINE_FAULTS: readonly [string, Fault][] = [
  ['hangs', { kind: 'hang' }],
  ['stalls after the headers', { kind: 'stall' }],
  ['cuts the body', { kind: 'cut', afterBytes: 10 }],
  ['answers garbage', { kind: 'garbage' }],
  ['answers nothing', { kind: 'empty' }],
  ['answers another shape', { kind: 'json', value: [1, { a: null }] }],
  [
    'answers 500 with a host path',
    { kind: 'status', status: 500, body: '{"message":"open /var/lib/docker/secret-path: denied"}' },
  ],
  ['answers 403 as a proxy does', { kind: 'status', status: 403, body: '<html>403</html>', contentType: 'text/html' }],
  ['redirects', { kind: 'status', status: 301, headers: { location: 'http://127.0.0.1:1/' } }],
  ['drips', { kind: 'drip', everyMs: 50 }],
  ['floods', { kind: 'flood', bytes: 50_000_000 }],
]
