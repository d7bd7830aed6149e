import { z } from 'zod'
import type { View } from '../../live/view.js'
import type { Container } from '../../model/container.js'
import { HOST_STATES, type HostStatus } from '../../model/host.js'
import type { Answer } from '../endpoints/answer.js'
import { integer, optionalText, optionalTime, text, timeOf } from './answer-parts.js'
import type { Page } from './page.js'

const listedHost = z.strictObject({ id: text, state: z.enum(HOST_STATES), observedAt: optionalTime })

/** The frame of every list. `observedAt` is the latest of its hosts. */
export const listFrame = {
  nextCursor: optionalText,
  total: integer,
  observedAt: optionalTime,
  hosts: z.array(listedHost),
}

export function listOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: z.array(item), ...listFrame })
}

/** A list of items without redactions. */
export function listContent<Item>(page: Page<Item>, hosts: readonly HostStatus[]) {
  return {
    items: page.items,
    nextCursor: page.nextCursor,
    total: page.total,
    observedAt: observedAt(hosts),
    hosts: hosts.map((host) => ({ id: host.id, state: host.state, observedAt: timeOf(host.observedAt) })),
  }
}

/** A list of items that each count their redactions. */
export function listAnswer<Item>({ items, nextCursor, total }: Page<Answer<Item>>, hosts: readonly HostStatus[]) {
  const page = { items: items.map(({ content }) => content), nextCursor, total }
  return { content: listContent(page, hosts), redactions: redactionsOf(items) }
}

export function redactionsOf(answers: readonly { readonly redactions: number }[]): number {
  return answers.reduce((sum, { redactions }) => sum + redactions, 0)
}

/** All items on one page. */
export function onePage<Item>(items: readonly Item[]): Page<Item> {
  return { items, nextCursor: null, total: items.length }
}

export function observedAt(hosts: readonly HostStatus[]): string | null {
  const latest = Math.max(...hosts.map((host) => host.observedAt ?? 0))
  return latest > 0 ? timeOf(latest) : null
}

/** The hosts with these ids; all of them if no id is given. */
export function hostsOf(view: View, asked: readonly string[]): readonly HostStatus[] {
  return asked.length === 0 ? view.hosts() : view.hosts().filter(({ id }) => asked.includes(id))
}

/** Orders containers with the same sort value. It is unique. */
export function tieOf({ name, hostId, id }: Container): string {
  return `${name}\n${hostId}\n${id}`
}
