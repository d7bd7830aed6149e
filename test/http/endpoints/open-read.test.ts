import { createRig } from '../../support/app-parts.js'
import { containerOf } from '../../support/fake-view.js'
import { get } from '../../support/get.js'

describe('container ids', () => {
  const { app, view, lines } = createRig()
  view.all = [
    containerOf({ id: `${'ab'.repeat(6)}${'1'.repeat(52)}` }),
    containerOf({ id: `${'ab'.repeat(6)}${'2'.repeat(52)}` }),
  ]
  const prefix = 'ab'.repeat(6)

  test('resolve from 12 digits to 64', async () => {
    expect((await get(app, `/api/containers/${prefix}1`)).body.id).toBe(view.all[0]?.id)
    expect((await get(app, `/api/containers/${view.all[1]?.id}`)).body.id).toBe(view.all[1]?.id)
  })

  test('that fit several are 409, that fit none 404', async () => {
    const several = await get(app, `/api/containers/${prefix}`)
    expect([several.status, several.body.code]).toEqual([409, 'ambiguous-container-id'])
    const none = await get(app, `/api/containers/${'0'.repeat(12)}`)
    expect([none.status, none.body.code]).toEqual([404, 'container-not-found'])
  })

  test.each([
    ['11 digits', 'a'.repeat(11)],
    ['65 digits', 'a'.repeat(65)],
    ['upper case', 'A'.repeat(12)],
    ['no hex', 'g'.repeat(12)],
    ['a name', 'my-container'],
    ['escaped digits and more', '%61aaaaaaaaaaa%20'],
    ['an escaped slash', 'aaaaaaaaaaaa%2fjson'],
    ['a traversal', '..%2f..%2fimages%2fjson'],
    ['dots', '%2e%2e%2e%2e%2e%2e%2e%2e%2e%2e%2e%2e'],
    ['a null byte', 'aaaaaaaaaaaa%00'],
    ['a line break', 'aaaaaaaaaaaa%0a'],
    ['full-width digits', '%EF%BC%91'.repeat(12)],
    ['a query inside', 'aaaaaaaaaaaa%3Fall=1'],
    ['a very long one', 'a'.repeat(8_000)],
  ])('refuse %s', async (_what, id) => {
    for (const route of ['', '/stats']) {
      const answer = await get(app, `/api/containers/${id}${route}`)
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid-container-id'])
    }
  })

  test('refuse what cannot be decoded, without a stack and without HTML', async () => {
    for (const id of ['%E0%A4%A', '%', '%zz', '%c0%ae']) {
      const answer = await get(app, `/api/containers/${id}`)
      expect([id, answer.status, answer.body.code]).toEqual([id, 400, 'invalid-request'])
      expect(answer.headers['content-type']).toContain('application/problem+json')
      expect(answer.text).not.toMatch(/\n\s+at |node_modules|<html/)
    }
  })

  test('cannot forge a log line', () => {
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
    expect(lines.filter((line) => line.slice(0, -1).includes('\n'))).toEqual([])
  })
})
