import { get as httpGet, type IncomingMessage } from 'node:http'

interface Received {
  readonly event: string
  /** Empty where the event has none. */
  readonly id: string
  readonly data: string
}

export interface Listening {
  readonly answer: IncomingMessage
  readonly events: Received[]
  /** What an EventSource would come back with. */
  lastEventId: string
  ended: boolean
  close(): void
}

/** As an EventSource reads (HTML standard, section 9.2.6). */
export function listenTo(port: number, path: string, token?: string, lastEventId?: string): Promise<Listening> {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  }
  return new Promise((resolve, reject) => {
    const asked = httpGet({ port, path, headers, agent: false }, (answer) => {
      const listening: Listening = {
        answer,
        events: [],
        lastEventId: '',
        ended: false,
        close: () => asked.destroy(),
      }
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) {
          const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
          const id = field('id') ?? ''
          if (id !== '') listening.lastEventId = id
          const event = field('event')
          if (event !== undefined) listening.events.push({ event, id, data: field('data') ?? '' })
        }
      })
      answer.on('close', () => {
        listening.ended = true
      })
      answer.on('error', () => {})
      resolve(listening)
    })
    asked.on('error', reject)
  })
}
