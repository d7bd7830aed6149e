import { readFileSync } from 'node:fs'
import { engineNetwork } from './dockerd.js'
import { engineCommand } from './engine-command.js'
import { startOutwardProxy } from './outward-proxy.js'

/** The base images take a minute, and the build another, where nothing is in the engine yet. */
export const BUILD_MS = 480_000

/** What docker-compose.yml calls the image. */
export const IMAGE = 'porthole:0.1.0'

/** The image that the Dockerfile makes, on stand-ins of its base images (scripts/images). */
export async function buildImage(image: string): Promise<void> {
  const options = { cwd: process.cwd(), timeoutMs: BUILD_MS }
  await engineCommand('scripts/images', ['make'], options)
  // The engine's network has no way out; npm reaches its registry through a proxy. These two arguments need no ARG, and an
  // image that was built with another port stays in the cache (docs.docker.com, "Predefined ARGs").
  const proxy = await startOutwardProxy(await engineNetwork())
  const lent = ['HTTP_PROXY', 'HTTPS_PROXY'].flatMap((name) => ['--build-arg', `${name}=${proxy.url}`])
  try {
    const build = ['build', '--network', 'host', ...lent, '--tag', image, '.']
    await engineCommand('docker', build, options)
  } finally {
    proxy.stop()
  }
}

/** The images that a compose file names, without the one that is built. */
export function imagesOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8')
  const images = [...text.matchAll(/^ +image: (\S+)$/gm)].map(([, image]) => image ?? '')
  return [...new Set(images)].filter((image) => image !== IMAGE)
}
