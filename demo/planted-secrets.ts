// Secrets invented for the demo and shaped like real ones. They open nothing. The simulated containers hold them in their
// environment, commands, labels, health output and faults; images, networks, volumes and the build cache hold the others.

export const DATABASE_PASSWORD = 'tide-Lantern-4471'
export const QUEUE_PASSWORD = 'copper-Heron-9026'
export const CACHE_PASSWORD = 'velvet-Anchor-3318'
export const BLOG_PASSWORD = 'quartz-Meadow-7750'
export const REGISTRY_PASSWORD = 'walnut-Comet-1294'
export const PROBE_TOKEN = 'probe-7f3ac19e55d04b28'
export const SPLUNK_TOKEN = 'b1946ac9-2d5c-4f0e-9c1a-77d0e64f2a83'
export const CLOUD_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
export const DASHBOARD_HASH = '$apr1$r31kc9Xq$Zb4Vw0yTn6mJfHd2LsPuA1'
/** In the labels of an image. */
export const BUILD_TOKEN = 'saffron-Gantry-5527'
/** In the options of a network's driver. */
export const NETWORK_KEY = 'marsh-Falcon-6183'
/** In the mount options of a volume. */
export const SHARE_PASSWORD = 'pewter-Osprey-8842'
/** In a command line of the build cache. */
export const CACHE_TOKEN = 'juniper-Cobalt-2906'
export const SESSION_TOKEN = [
  Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url'),
  Buffer.from('{"sub":"probe","scope":"internal","iat":1700000000}').toString('base64url'),
  'c2ltdWxhdGVkLXNpZ25hdHVyZS1ub3QtcmVhbC1hdC1hbGw',
].join('.')

/** Tests search every answer and log line for each of them. */
export const PLANTED_SECRETS: readonly string[] = [
  DATABASE_PASSWORD,
  QUEUE_PASSWORD,
  CACHE_PASSWORD,
  BLOG_PASSWORD,
  REGISTRY_PASSWORD,
  PROBE_TOKEN,
  SPLUNK_TOKEN,
  CLOUD_KEY,
  DASHBOARD_HASH,
  SESSION_TOKEN,
  BUILD_TOKEN,
  NETWORK_KEY,
  SHARE_PASSWORD,
  CACHE_TOKEN,
]
