/** Milliseconds for what an engine answers from memory: one that takes longer is not well. */
const QUICK_DEADLINE_MS = 5_000

/**
 * Milliseconds for a list, an inspect or /info: these wait for the locks of containers that are starting or being
 * removed.
 */
const LOOKUP_DEADLINE_MS = 15_000

/** Milliseconds for statistics: the engine takes 1 to 2 s for each, and its collector visits containers one by one. */
const STATS_DEADLINE_MS = 10_000

/** Milliseconds for what makes an engine walk files, and for what it has in files: a log, the changes of a container. */
const BULK_DEADLINE_MS = 20_000

/** Milliseconds for GET /system/df, which walks every volume and every container: minutes on a machine with slow disks. */
const DISK_DEADLINE_MS = 180_000

/** Bytes that are read of a list: 20,000 containers take 54 MB. They are not held. */
const MAX_LIST_BYTES = 64 * 1024 * 1024

/** Bytes of any other answer. An inspect carries all labels and all of Env, which a container's author may make this large. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024

/**
 * Connections for quick calls and lookups: twice what the inventory inspects at once, so that a ping always finds one.
 */
const QUICK_SOCKETS = 16

/**
 * How many of these calls that callers wait for may have at once: the inventory inspects eight, and a list and a ping find one free,
 * however slowly an engine answers callers.
 */
const CALLER_SOCKETS = 6

/** Milliseconds that a call waits for a connection, beyond which the engine counts as busy. A caller may come again. */
const PLACE_WAIT_MS = 2_000

/**
 * Connections for statistics, apart so that none of these slow calls stands before an inspect. As many as a sampler
 * asks at once.
 */
const STATS_SOCKETS = 64

/** Connections for what walks or reads files, apart so that none of these stands before an inspect. */
const BULK_SOCKETS = 8

/** Event streams open at once: one, and those that are on their way out. */
const MAX_STREAMS = 32

/** Logs that are followed at once. Each is a connection here, another one behind the proxy, and a reader in the engine. */
const MAX_LOG_STREAMS = 100

/** Every bound can be set, for tests and for slow engines. Milliseconds, bytes and counts. */
export interface TransportOptions {
  readonly quickDeadlineMs?: number
  readonly lookupDeadlineMs?: number
  readonly statsDeadlineMs?: number
  readonly bulkDeadlineMs?: number
  readonly diskDeadlineMs?: number
  readonly maxListBytes?: number
  readonly maxAnswerBytes?: number
  readonly placeWaitMs?: number
  readonly quickSockets?: number
  readonly callerSockets?: number
  readonly statsSockets?: number
  readonly bulkSockets?: number
  readonly maxStreams?: number
  readonly maxLogStreams?: number
}

export type Bounds = Required<TransportOptions>

/** How a read is bounded: which connections it shares, how long it may take, and how many bytes its answer may have. */
export interface ReadLimits {
  readonly pool: 'quick' | 'sampling' | 'bulk'
  readonly deadline: 'quickDeadlineMs' | 'lookupDeadlineMs' | 'statsDeadlineMs' | 'bulkDeadlineMs' | 'diskDeadlineMs'
  readonly bytes: 'maxListBytes' | 'maxAnswerBytes'
}

export const QUICK: ReadLimits = { pool: 'quick', deadline: 'quickDeadlineMs', bytes: 'maxAnswerBytes' }
export const LOOKUP: ReadLimits = { pool: 'quick', deadline: 'lookupDeadlineMs', bytes: 'maxAnswerBytes' }
export const LIST: ReadLimits = { pool: 'quick', deadline: 'lookupDeadlineMs', bytes: 'maxListBytes' }
export const STATS: ReadLimits = { pool: 'sampling', deadline: 'statsDeadlineMs', bytes: 'maxAnswerBytes' }
export const BULK: ReadLimits = { pool: 'bulk', deadline: 'bulkDeadlineMs', bytes: 'maxListBytes' }
export const DISK: ReadLimits = { pool: 'bulk', deadline: 'diskDeadlineMs', bytes: 'maxListBytes' }

export function boundsOf(options: TransportOptions): Bounds {
  return {
    quickDeadlineMs: QUICK_DEADLINE_MS,
    lookupDeadlineMs: LOOKUP_DEADLINE_MS,
    statsDeadlineMs: STATS_DEADLINE_MS,
    bulkDeadlineMs: BULK_DEADLINE_MS,
    diskDeadlineMs: DISK_DEADLINE_MS,
    maxListBytes: MAX_LIST_BYTES,
    maxAnswerBytes: MAX_ANSWER_BYTES,
    placeWaitMs: PLACE_WAIT_MS,
    quickSockets: QUICK_SOCKETS,
    callerSockets: CALLER_SOCKETS,
    statsSockets: STATS_SOCKETS,
    bulkSockets: BULK_SOCKETS,
    maxStreams: MAX_STREAMS,
    maxLogStreams: MAX_LOG_STREAMS,
    ...options,
  }
}
