/** One request that was made to an engine for a caller who waited for it. */
export interface EngineCall {
  readonly host: string
  /** Which read, as the engine port names it. */
  readonly call: 'inspect' | 'logs' | 'top' | 'changes' | 'images' | 'networks' | 'volumes' | 'disk'
  /** Of the engine's answer; null where none came. */
  readonly status: number | null
  readonly milliseconds: number
}
