import { z } from 'zod'
import type { EngineInfo, EngineVersion } from '../../model/host.js'
import { wholeAnswer } from '../json/answer-reader.js'
import { optionalNumber, optionalText, parse, strings } from './shape.js'

const VERSION = z.object({
  Version: optionalText,
  ApiVersion: optionalText,
  MinAPIVersion: optionalText,
  Os: optionalText,
  Arch: optionalText,
  KernelVersion: optionalText,
})

/** Answer of GET /version. */
export const versionAnswer = wholeAnswer(VERSION, (value): EngineVersion => {
  const version = parse(VERSION, value, 'the version')
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    minApiVersion: version.MinAPIVersion,
    os: version.Os,
    architecture: version.Arch,
    kernelVersion: version.KernelVersion,
  }
})

const INFO = z.object({
  Name: optionalText,
  OperatingSystem: optionalText,
  CgroupVersion: optionalText,
  CgroupDriver: optionalText,
  Driver: optionalText,
  LoggingDriver: optionalText,
  SecurityOptions: strings,
  NCPU: optionalNumber,
  MemTotal: optionalNumber,
})

/** Answer of GET /info, less registries, proxies, swarm and labels. */
export const infoAnswer = wholeAnswer(INFO, (value): EngineInfo => {
  const info = parse(INFO, value, 'the info')
  return {
    name: info.Name,
    operatingSystem: info.OperatingSystem,
    cgroupVersion: info.CgroupVersion,
    cgroupDriver: info.CgroupDriver,
    storageDriver: info.Driver,
    loggingDriver: info.LoggingDriver,
    rootless: info.SecurityOptions.some((option) => option.split(',').includes('name=rootless')),
    cpus: info.NCPU || null,
    memoryBytes: info.MemTotal || null,
  }
})
