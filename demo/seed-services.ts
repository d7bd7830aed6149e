import type { SimulatedLoad, SimulatedMount, SimulatedPort, SimulatedSpec } from './container.js'
import type { InitialState } from './initial-state.js'
import {
  BLOG_PASSWORD,
  CACHE_PASSWORD,
  CLOUD_KEY,
  DASHBOARD_HASH,
  DATABASE_PASSWORD,
  PROBE_TOKEN,
  QUEUE_PASSWORD,
  REGISTRY_PASSWORD,
  SESSION_TOKEN,
  SPLUNK_TOKEN,
} from './planted-secrets.js'

/** One kind of container of the initial state. */
export interface SeedService {
  /** Null for a container without a compose project. */
  readonly project: string | null
  readonly service: string
  readonly spec: Partial<SimulatedSpec> & Pick<SimulatedSpec, 'image' | 'cmd'>
  readonly load?: Partial<SimulatedLoad>
  readonly initialState?: Partial<InitialState>
}

const MIB = 2 ** 20
/** The first twelve are the default and show every state but `created`. All eighteen together hold every planted secret. */
export const SEED_SERVICES: readonly SeedService[] = [
  {
    project: 'shop',
    service: 'web',
    spec: {
      image: 'nginx:1.27-alpine',
      entrypoint: ['/docker-entrypoint.sh'],
      cmd: ['nginx', '-g', 'daemon off;'],
      stopSignal: 'SIGQUIT',
      ports: [published(8080, 80), exposed(443)],
      memoryLimitBytes: 128 * MIB,
      nanoCpus: 500_000_000,
      pidsLimit: 128,
      readOnlyRootFilesystem: true,
      capDrop: ['ALL'],
      capAdd: ['CAP_NET_BIND_SERVICE'],
      securityOpt: ['no-new-privileges'],
      user: '101:101',
      healthTest: 'wget -q -O /dev/null http://localhost/healthz',
      healthOutput: '',
    },
    load: { cores: 0.06, rxBytesPerSecond: 42_000, txBytesPerSecond: 310_000 },
  },
  {
    project: 'shop',
    service: 'api',
    spec: {
      image: 'registry.example.com/shop/api:2.14.3',
      entrypoint: ['docker-entrypoint.sh'],
      cmd: ['node', 'server.js'],
      env: [
        'NODE_ENV=production',
        `DATABASE_URL=postgres://app:${DATABASE_PASSWORD}@db/app`,
        `API_TOKEN=${SESSION_TOKEN}`,
      ],
      labels: { 'com.example.owner': 'checkout' },
      workingDir: '/srv/app',
      user: 'node',
      ports: [exposed(3000)],
      memoryLimitBytes: 512 * MIB,
      healthTest: `curl -fsS -H "Authorization: Bearer ${SESSION_TOKEN}" http://localhost:3000/healthz`,
      healthOutput: `{"status":"ok","token":"${PROBE_TOKEN}"}`,
    },
    load: { cores: 0.34, memoryBytes: 210 * MIB, rxBytesPerSecond: 65_000, txBytesPerSecond: 88_000, pids: 11 },
  },
  {
    project: 'shop',
    service: 'db',
    spec: {
      image: 'postgres:16.4-alpine',
      entrypoint: ['docker-entrypoint.sh'],
      cmd: ['postgres', '-c', 'max_connections=200'],
      stopSignal: 'SIGINT',
      env: ['POSTGRES_USER=app', `POSTGRES_PASSWORD=${DATABASE_PASSWORD}`, 'PGDATA=/var/lib/postgresql/data'],
      ports: [exposed(5432)],
      mounts: [volume('shop_db-data', '/var/lib/postgresql/data')],
      memoryLimitBytes: 1024 * MIB,
      healthTest: `PGPASSWORD=${DATABASE_PASSWORD} pg_isready -U app`,
      healthOutput: '/var/run/postgresql:5432 - accepting connections\n',
    },
    load: { cores: 0.18, memoryBytes: 460 * MIB, readBytesPerSecond: 38_000, writeBytesPerSecond: 120_000, pids: 17 },
  },
  {
    project: 'shop',
    service: 'worker',
    spec: {
      image: 'registry.example.com/shop/worker:2.14.3',
      cmd: ['node', 'worker.js', '--queue=orders', `--password=${QUEUE_PASSWORD}`],
      env: ['NODE_ENV=production', `AWS_SECRET_ACCESS_KEY=${CLOUD_KEY}`],
      memoryLimitBytes: 256 * MIB,
      healthTest: 'node healthcheck.js',
      healthOutput: `Error: connect ETIMEDOUT redis://default:${CACHE_PASSWORD}@cache:6379\n`,
    },
    load: { cores: 0.71, memoryBytes: 190 * MIB, pids: 12 },
    initialState: { health: 'unhealthy', restartCount: 2 },
  },
  {
    project: 'shop',
    service: 'migrate',
    spec: { image: 'registry.example.com/shop/api:2.14.3', cmd: ['node', 'migrate.js'], restartPolicy: 'no' },
    initialState: { state: 'exited', exitCode: 0 },
  },
  {
    project: 'edge',
    service: 'traefik',
    spec: {
      image: 'traefik:v3.1',
      entrypoint: ['/entrypoint.sh'],
      cmd: ['traefik', '--providers.docker=true', '--entrypoints.web.address=:80'],
      labels: {
        'traefik.http.middlewares.dashboard.basicauth.users': `admin:${DASHBOARD_HASH}`,
        'traefik.http.routers.dashboard.rule': 'Host(`dashboard.example.com`)',
      },
      ports: [published(80, 80), published(443, 443)],
      mounts: [bind('/var/run/docker.sock', '/var/run/docker.sock', true)],
    },
    load: { cores: 0.11, memoryBytes: 92 * MIB, rxBytesPerSecond: 480_000, txBytesPerSecond: 520_000, pids: 14 },
  },
  {
    project: 'etl',
    service: 'importer',
    spec: {
      image: 'registry.example.com/etl/importer:0.9.1',
      cmd: ['python', '-m', 'importer', '--batch-size=50000'],
      memoryLimitBytes: 256 * MIB,
      restartPolicy: 'no',
    },
    load: { memoryBytes: 230 * MIB },
    initialState: { state: 'exited', exitCode: 137, oomKilled: true },
  },
  {
    project: 'etl',
    service: 'scheduler',
    spec: {
      image: 'registry.example.com/etl/scheduler:0.9.1',
      cmd: ['python', '-m', 'scheduler'],
      restartPolicy: 'always',
    },
    initialState: { state: 'restarting', exitCode: 3, restartCount: 17 },
  },
  {
    project: 'etl',
    service: 'archiver',
    spec: { image: 'debian:12-slim', cmd: ['/bin/sh', '/opt/archive.sh'], capAdd: ['CAP_SYS_ADMIN'] },
    load: { writeBytesPerSecond: 900_000 },
    initialState: { state: 'paused' },
  },
  {
    project: 'monitoring',
    service: 'node-exporter',
    spec: {
      image: 'prom/node-exporter:v1.8.2',
      entrypoint: ['/bin/node_exporter'],
      cmd: ['--path.rootfs=/host'],
      network: 'host',
      pidMode: 'host',
      user: 'nobody',
      mounts: [bind('/', '/host', true)],
    },
    load: { cores: 0.03, memoryBytes: 21 * MIB },
  },
  {
    project: 'monitoring',
    service: 'prometheus',
    spec: {
      image: 'prom/prometheus:v2.54.1',
      entrypoint: ['/bin/prometheus'],
      cmd: ['--config.file=/etc/prometheus/prometheus.yml', '--storage.tsdb.path=/prometheus'],
      user: 'nobody',
      ports: [{ containerPort: 9090, hostPort: 9090, hostIp: '127.0.0.1' }],
      mounts: [volume('monitoring_prometheus', '/prometheus')],
      healthTest: 'wget -q -O /dev/null http://localhost:9090/-/healthy',
    },
    load: { cores: 0.22, memoryBytes: 640 * MIB, writeBytesPerSecond: 210_000, pids: 15 },
    initialState: { health: 'starting' },
  },
  {
    project: null,
    service: 'toolbox',
    spec: {
      image: 'alpine:3.20',
      cmd: ['/bin/sh'],
      tty: true,
      restartPolicy: 'no',
      changes: [
        { path: '/etc', kind: 0 },
        { path: '/etc/motd', kind: 2 },
        { path: '/root', kind: 0 },
        { path: '/root/.ash_history', kind: 1 },
        { path: '/usr/local/bin/pg_dump', kind: 1 },
      ],
    },
    load: { cores: 0.001, memoryBytes: 3 * MIB, pids: 1 },
  },
  {
    project: 'shop',
    service: 'cache',
    spec: {
      image: 'redis:7.4-alpine',
      entrypoint: ['docker-entrypoint.sh'],
      cmd: ['redis-server', '--requirepass', CACHE_PASSWORD],
      mounts: [unnamedVolume('/data')],
      ports: [exposed(6379)],
      healthTest: 'redis-cli ping',
      healthOutput: 'PONG\n',
    },
    load: { cores: 0.05, memoryBytes: 74 * MIB, rxBytesPerSecond: 95_000, txBytesPerSecond: 71_000 },
  },
  {
    project: 'monitoring',
    service: 'cadvisor',
    spec: {
      image: 'gcr.io/cadvisor/cadvisor:v0.49.1',
      entrypoint: ['/usr/bin/cadvisor', '-logtostderr'],
      cmd: [],
      privileged: true,
      securityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
      mounts: [bind('/', '/rootfs', true), bind('/var/run', '/var/run', false), bind('/sys', '/sys', true)],
      ports: [exposed(8080)],
      logDriver: 'none',
    },
    load: { cores: 0.41, memoryBytes: 130 * MIB, pids: 22 },
  },
  {
    project: 'monitoring',
    service: 'grafana',
    spec: {
      image: 'grafana/grafana:11.2.0',
      entrypoint: ['/run.sh'],
      cmd: [],
      env: ['GF_PATHS_DATA=/var/lib/grafana', `GF_SECURITY_ADMIN_PASSWORD=${BLOG_PASSWORD}`],
      user: '472',
      ports: [published(3000, 3000)],
      mounts: [volume('monitoring_grafana', '/var/lib/grafana')],
      logDriver: 'splunk',
      logOptions: { 'splunk-url': 'https://logs.example.com:8088', 'splunk-token': SPLUNK_TOKEN },
    },
    load: { cores: 0.04, memoryBytes: 160 * MIB, pids: 19 },
  },
  {
    project: 'blog',
    service: 'wordpress',
    spec: {
      image: 'wordpress:6.6-php8.3-apache',
      entrypoint: ['docker-entrypoint.sh'],
      cmd: ['apache2-foreground'],
      stopSignal: 'SIGWINCH',
      env: ['WORDPRESS_DB_HOST=mysql', `WORDPRESS_DB_PASSWORD=${BLOG_PASSWORD}`],
      workingDir: '/var/www/html',
      ports: [published(8081, 80)],
      mounts: [volume('blog_html', '/var/www/html')],
      longLineEvery: 997,
    },
    load: { cores: 0.09, memoryBytes: 180 * MIB, txBytesPerSecond: 60_000, pids: 11 },
  },
  {
    project: 'blog',
    service: 'mysql',
    spec: {
      image: 'mysql:8.4',
      entrypoint: ['docker-entrypoint.sh'],
      cmd: ['mysqld'],
      env: [`MYSQL_ROOT_PASSWORD=${BLOG_PASSWORD}`, 'MYSQL_DATABASE=wordpress'],
      ports: [exposed(3306)],
      mounts: [volume('blog_mysql', '/var/lib/mysql')],
      healthTest: `mysqladmin ping -uroot -p${BLOG_PASSWORD}`,
      healthOutput: 'mysqld is alive\n',
    },
    load: { cores: 0.07, memoryBytes: 410 * MIB, writeBytesPerSecond: 54_000, pids: 38 },
  },
  {
    project: 'blog',
    service: 'backup',
    spec: {
      image: 'restic/restic:0.17.0',
      cmd: ['backup', '/data'],
      mounts: [volume('nas-backup', '/data')],
      restartPolicy: 'no',
    },
    initialState: {
      state: 'created',
      exitCode: 127,
      error: `failed to pull: https://ci:${REGISTRY_PASSWORD}@registry.example.com/v2/: unauthorized`,
    },
  },
]

function published(hostPort: number, containerPort: number): SimulatedPort {
  return { containerPort, hostPort, hostIp: '0.0.0.0' }
}

function exposed(containerPort: number): SimulatedPort {
  return { containerPort, hostPort: null, hostIp: '' }
}

function bind(source: string, destination: string, readOnly: boolean): SimulatedMount {
  return { type: 'bind', source, destination, readOnly }
}

function volume(source: string, destination: string): SimulatedMount {
  return { type: 'volume', source, destination, readOnly: false }
}

/** A volume that an image's VOLUME makes, without a name. */
function unnamedVolume(destination: string): SimulatedMount {
  return { type: 'volume', source: '', destination, readOnly: false }
}
