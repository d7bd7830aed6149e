import { decodeInfo, decodeVersion, faultOf } from '../../support/decoded.js'
import { recorded } from '../../support/recorded-answers.js'

describe('decodeVersion and decodeInfo', () => {
  test('read what docker 20.10 says of itself', () => {
    expect(decodeVersion(recorded('docker-20.10-version.json'))).toEqual({
      version: '20.10.24+dfsg1',
      apiVersion: '1.41',
      minApiVersion: '1.12',
      os: 'linux',
      architecture: 'amd64',
      kernelVersion: '6.1.0-18-amd64',
    })
    expect(decodeInfo(recorded('docker-20.10-info.json'))).toEqual({
      name: 'engine-host',
      operatingSystem: 'Debian GNU/Linux 12 (bookworm)',
      cgroupVersion: '1',
      cgroupDriver: 'cgroupfs',
      storageDriver: 'overlay2',
      loggingDriver: 'json-file',
      rootless: false,
      cpus: 2,
      memoryBytes: 25_276_502_016,
    })
  })

  test('what is missing, null or empty is null', () => {
    expect(Object.values(decodeVersion({ Version: '', Os: null }))).toEqual(Array(6).fill(null))
    expect(decodeInfo({ NCPU: 0, SecurityOptions: null })).toMatchObject({ name: null, cpus: null, rootless: false })
  })

  test('an engine that runs rootless says so among its security options', () => {
    expect(decodeInfo({ SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'] }).rootless).toBe(true)
  })

  test('what is no object is a bad answer', () => {
    for (const value of [null, [], 'x', 7]) {
      expect(faultOf(() => decodeVersion(value))).toMatchObject({ code: 'engine-bad-answer' })
      expect(faultOf(() => decodeInfo(value))).toMatchObject({ code: 'engine-bad-answer' })
    }
  })
})
