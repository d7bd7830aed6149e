/** Milliseconds that this process has computed so far: unlike the time of day, they stand still while another process has the CPU. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
