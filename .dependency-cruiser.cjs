// The table of docs/architecture.md, enforced: who may import whom, and which one file may import each gated package.
const layer = (name, path, may) => ({ name, severity: 'error', from: { path }, to: { path: '^api/', pathNot: may } })
// A setting is typed once, in config/. The rooms above take its type alone, and are given its value: dependency-cruiser cannot
// tell the one from the other without TypeScript's old compiler, so test/project/layers.test.ts does.
const CONFIG_TYPES = '^api/config/'
const gate = (name, pkg, only, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^api/', pathNot: only },
  to: { path: pkg },
})

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^(api|demo)/' }, to: {} },
    { name: 'no-dep-on-test', severity: 'error', from: { path: '^(api|demo)/' }, to: { path: '^(test|bench)/' } },
    layer('model-imports-nothing', '^api/model/', ['^api/model/']),
    layer('clock-imports-nothing', '^api/clock[.]ts$', ['^api/clock[.]ts$']),
    layer('concurrency-on-clock', '^api/concurrency/', ['^api/concurrency/', '^api/clock[.]ts$']),
    layer('redaction-imports-nothing', '^api/redaction/', ['^api/redaction/']),
    layer('log-imports-nothing', '^api/log[.]ts$', ['^api/(log[.]ts$|redaction/)']),
    layer('config-on-model', '^api/config/', ['^api/(config|model)/']),
    layer('auth-on-model-and-store', '^api/auth/', [
      '^api/(auth|concurrency|model)/',
      '^api/clock[.]ts$',
      CONFIG_TYPES,
      '^api/store/store[.]ts$',
    ]),
    layer('store-on-model', '^api/store/', ['^api/(store|model)/']),
    layer('audit-on-model', '^api/audit/', ['^api/(audit|model)/', CONFIG_TYPES, '^api/log[.]ts$']),
    layer('engine-on-model', '^api/engine/', ['^api/(engine|concurrency|model|redaction)/', '^api/log[.]ts$']),
    layer('live-on-engine-port', '^api/live/', [
      '^api/(live|concurrency|model|redaction)/',
      CONFIG_TYPES,
      '^api/engine/engine[.]ts$',
      '^api/(clock|log)[.]ts$',
    ]),
    layer('http-on-view-and-auth', '^api/http/', [
      '^api/(http|auth|concurrency|model|redaction)/',
      CONFIG_TYPES,
      '^api/audit/(event|recent)[.]ts$',
      '^api/store/store[.]ts$',
      '^api/live/view[.]ts$',
      '^api/(clock|log)[.]ts$',
    ]),
    layer('cli-on-main', '^api/cli/', [
      '^api/(cli|config|auth|audit|model)/',
      '^api/engine/(engine|dockerode)[.]ts$',
      '^api/(main|log|clock)[.]ts$',
    ]),
    {
      name: 'commands-load-on-demand',
      comment:
        'A check of health, and --help, load neither argon2 nor the service: only a command that is asked for is loaded.',
      severity: 'error',
      from: { path: '^api/cli/(porthole|program|commands|command|exit-code|healthcheck)[.]ts$' },
      to: {
        path: '^api/',
        pathNot: '^api/(cli/(program|commands|command|exit-code|entry)|clock)[.]ts$',
        dynamic: false,
      },
    },
    layer('main-on-service', '^api/main[.]ts$', [
      '^api/(service|log)[.]ts$',
      '^api/(config|model)/',
      '^api/cli/(exit-code|entry)[.]ts$',
    ]),
    {
      name: 'nothing-imports-the-root',
      severity: 'error',
      from: { path: '^api/', pathNot: '^api/(main[.]ts|cli/)' },
      to: { path: '^api/(service|main)[.]ts$' },
    },
    {
      name: 'nothing-imports-the-commands',
      severity: 'error',
      from: { path: '^api/', pathNot: '^api/(main[.]ts$|cli/)' },
      to: { path: '^api/cli/' },
    },
    {
      name: 'the-demo-stands-apart',
      comment: 'The simulated engine speaks to the API over a socket, as a real one does.',
      severity: 'error',
      from: { path: '^demo/' },
      to: { path: '^api/' },
    },
    {
      name: 'the-api-knows-no-demo',
      comment: 'cli/serve-demo.ts loads it by its path, where it is built.',
      severity: 'error',
      from: { path: '^api/' },
      to: { path: '^demo/' },
    },
    {
      name: 'resources-know-no-express',
      severity: 'error',
      from: { path: '^api/http/resources/' },
      to: { path: ['^api/http/middleware/', 'node_modules/'], pathNot: 'node_modules/(zod|re2js|prom-client)/' },
    },
    {
      name: 'only-auth-resources-know-auth',
      severity: 'error',
      from: { path: '^api/http/resources/', pathNot: '^api/http/resources/auth/' },
      to: { path: '^api/auth/' },
    },
    gate(
      'dockerode-only-in-engine',
      'node_modules/(@types/)?dockerode',
      '^api/engine/dockerode[.]ts$',
      'One file talks to Docker, so one file shows that it only reads.',
    ),
    gate(
      'jsonwebtoken-only-in-token',
      'node_modules/(@types/)?jsonwebtoken',
      '^api/auth/token[.]ts$',
      'One call to verify, so one place fixes the algorithm.',
    ),
    gate(
      'jose-only-in-provider',
      'node_modules/jose/',
      '^api/auth/provider[.]ts$',
      "One place believes an outside provider's keys.",
    ),
    gate(
      'argon2-only-in-password',
      'node_modules/@node-rs/argon2',
      '^api/auth/sign-in/password[.]ts$',
      'One place hashes passwords, so one place bounds and spells them.',
    ),
    gate(
      'express-only-in-http',
      'node_modules/((@types/)?express|helmet|express-rate-limit|pino-http)',
      '^api/http/',
      'Below http/ nothing knows that it is served over HTTP.',
    ),
    gate(
      'prom-client-only-in-metrics',
      'node_modules/prom-client',
      '^api/http/resources/metrics/metrics[.]ts$',
      'One place names what Prometheus reads.',
    ),
    gate(
      're2js-only-in-line-matcher',
      'node_modules/re2js/',
      '^api/http/resources/logs/line-matcher[.]ts$',
      'One place takes patterns from callers, so one place bounds them.',
    ),
    gate('pino-only-in-log', 'node_modules/pino/', '^api/log[.]ts$', 'One place holds what may be logged.'),
    gate(
      'sockets-and-files-at-the-edges',
      '^(node:)?(net|http|https|tls|dgram|child_process|fs|fs/promises)$',
      '^api/(service|main|audit/sinks/file-sink|config/(config-files|docker-host|cidr)|engine/(agents|answer|dial|transport)|http/(hot-path|server|connections|output-watch|stop-parsing|unreadable-request|middleware/[a-z-]+)|cli/[a-z-]+)[.]ts$',
      'Sockets, files and processes are opened at the edges only.',
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
