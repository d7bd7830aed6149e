/** Recorded from dockerd 20.10.24, API 1.41. Those with a question mark are absent where they do not apply. */
export const RECORDED = {
  list: 'Id Names Image ImageID Command Created Ports Labels State Status HostConfig NetworkSettings Mounts',
  inspect:
    'Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver Platform MountLabel ' +
    'ProcessLabel AppArmorProfile ExecIDs HostConfig GraphDriver Mounts Config NetworkSettings',
  state: 'Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt Health?',
  config:
    'Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts? Tty OpenStdin StdinOnce Env Cmd Healthcheck? ' +
    'Image Volumes WorkingDir Entrypoint OnBuild Labels',
  hostConfig:
    'Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver VolumesFrom CapAdd CapDrop ' +
    'CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode Privileged ' +
    'PublishAllPorts ReadonlyRootfs SecurityOpt UTSMode UsernsMode ShmSize Runtime ConsoleSize Isolation CpuShares Memory ' +
    'NanoCpus CgroupParent BlkioWeight BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps ' +
    'BlkioDeviceWriteIOps CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus CpusetMems Devices ' +
    'DeviceCgroupRules DeviceRequests KernelMemory KernelMemoryTCP MemoryReservation MemorySwap MemorySwappiness ' +
    'OomKillDisable PidsLimit Ulimits CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth MaskedPaths ReadonlyPaths',
  networkSettings:
    'Bridge SandboxID HairpinMode LinkLocalIPv6Address LinkLocalIPv6PrefixLen Ports SandboxKey SecondaryIPAddresses ' +
    'SecondaryIPv6Addresses EndpointID Gateway GlobalIPv6Address GlobalIPv6PrefixLen IPAddress IPPrefixLen IPv6Gateway ' +
    'MacAddress Networks',
  network:
    'IPAMConfig Links Aliases NetworkID EndpointID Gateway IPAddress IPPrefixLen IPv6Gateway GlobalIPv6Address ' +
    'GlobalIPv6PrefixLen MacAddress DriverOpts',
  stats:
    'read preread pids_stats blkio_stats num_procs storage_stats cpu_stats precpu_stats memory_stats name id networks?',
  v1Memory:
    'active_anon active_file cache dirty hierarchical_memory_limit hierarchical_memsw_limit inactive_anon inactive_file ' +
    'mapped_file pgfault pgmajfault pgpgin pgpgout rss rss_huge total_active_anon total_active_file total_cache total_dirty ' +
    'total_inactive_anon total_inactive_file total_mapped_file total_pgfault total_pgmajfault total_pgpgin total_pgpgout ' +
    'total_rss total_rss_huge total_unevictable total_writeback unevictable writeback',
  version: 'Platform Components Version ApiVersion MinAPIVersion GitCommit GoVersion Os Arch KernelVersion BuildTime',
  info:
    'ID Containers ContainersRunning ContainersPaused ContainersStopped Images Driver DriverStatus Plugins MemoryLimit SwapLimit ' +
    'KernelMemory KernelMemoryTCP CpuCfsPeriod CpuCfsQuota CPUShares CPUSet PidsLimit IPv4Forwarding BridgeNfIptables ' +
    'BridgeNfIp6tables Debug NFd OomKillDisable NGoroutines SystemTime LoggingDriver CgroupDriver CgroupVersion ' +
    'NEventsListener KernelVersion OperatingSystem OSVersion OSType Architecture IndexServerAddress RegistryConfig NCPU ' +
    'MemTotal GenericResources DockerRootDir HttpProxy HttpsProxy NoProxy Name Labels ExperimentalBuild ServerVersion ' +
    'Runtimes DefaultRuntime Swarm LiveRestoreEnabled Isolation InitBinary ContainerdCommit RuncCommit InitCommit ' +
    'SecurityOptions Warnings',
}

/** Nothing that was not recorded, and all of it that is always there. */
export function expectKeys(value: object, recorded: string): void {
  const names = recorded.split(' ')
  const keys = new Set(Object.keys(value))
  const needed = names.filter((name) => !name.endsWith('?'))
  const allowed = names.map((name) => name.replace('?', ''))
  expect([...keys].filter((key) => !allowed.includes(key))).toEqual([])
  expect(needed.filter((name) => !keys.has(name))).toEqual([])
}
