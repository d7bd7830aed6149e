import { type Clock, every } from '../../clock.js'
import type { RenderedResponse } from './answer.js'
import { eventOf } from './sse.js'

/** A rendered response as one server-sent event. */
export interface Frame {
  readonly etag: string
  readonly bytes: Buffer
  /** The full id of the one container that it is about; null for lists. */
  readonly container: string | null
}

/** What is sent, and how often. Members of the same key share a channel. */
export interface Topic {
  readonly key: string
  readonly event: string
  readonly intervalMs: number
  /** The response as it stands now, for these parties. Throws where there is nothing to show any more. */
  make(parties: ReadonlySet<string>): RenderedResponse
}

export interface Member {
  /** What shares count by. */
  readonly party: string
  /** Called at each tick; the frame may be the same as at the one before. */
  tick(frame: Frame): void
  /** There is nothing more to send. */
  end(error: unknown): void
}

interface Channel {
  readonly members: Set<Member>
  readonly stopTicking: () => void
  latest: Frame
}

/**
 * Streams of the same view share a channel: one timer, one answer a tick, one buffer that every connection is sent. What 500
 * streams cost beyond one is the writing.
 */
export class Channels {
  readonly #clock: Clock
  readonly #channels = new Map<string, Channel>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get count(): number {
    return this.#channels.size
  }

  /** Gives what is to be sent first, and what ends the membership. Throws what `make` throws. */
  join(topic: Topic, member: Member): { readonly first: Frame; leave(): void } {
    const known = this.#channels.get(topic.key)
    const latest = frameOf(topic, partiesOf([...(known?.members ?? []), member]), known?.latest ?? null)
    const channel = known ?? this.#open(topic, latest)
    channel.latest = latest
    channel.members.add(member)
    const leave = () => {
      if (!channel.members.delete(member) || channel.members.size > 0) return
      this.#close(topic, channel)
    }
    return { first: latest, leave }
  }

  #open(topic: Topic, latest: Frame): Channel {
    const stopTicking = every(this.#clock, topic.intervalMs, () => this.#tick(topic, channel))
    const channel: Channel = { members: new Set(), stopTicking, latest }
    this.#channels.set(topic.key, channel)
    return channel
  }

  #tick(topic: Topic, channel: Channel): void {
    try {
      channel.latest = frameOf(topic, partiesOf(channel.members), channel.latest)
    } catch (error) {
      this.#close(topic, channel)
      for (const member of [...channel.members]) member.end(error)
      return
    }
    for (const member of [...channel.members]) member.tick(channel.latest)
  }

  #close(topic: Topic, channel: Channel): void {
    channel.stopTicking()
    if (this.#channels.get(topic.key) === channel) this.#channels.delete(topic.key)
  }
}

function partiesOf(members: Iterable<Member>): ReadonlySet<string> {
  const parties = new Set<string>()
  for (const { party } of members) parties.add(party)
  return parties
}

function frameOf(topic: Topic, parties: ReadonlySet<string>, before: Frame | null): Frame {
  const { etag, body, container } = topic.make(parties)
  if (before?.etag === etag) return before
  return { etag, bytes: eventOf(topic.event, etag.replaceAll('"', ''), body), container }
}
