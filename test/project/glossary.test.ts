import { read } from './project-files.js'

const TEXT = read('docs/glossary.md')
const TERMS = [...TEXT.matchAll(/^- \*\*([^*]+)\*\*/gm)].map(([, term = '']) => term)

/** Words that the glossary replaces, because readers stumble over them or misread them. */
const REPLACED = ['turnstile', 'doorbell', 'desk', 'meter', 'lane', 'kept answer', 'withdrawn', 'wish', 'accident']

describe('docs/glossary.md', () => {
  test('explains each term once', () => {
    expect(TERMS.length).toBeGreaterThan(40)
    expect(TERMS.filter((term, index) => TERMS.indexOf(term) !== index)).toEqual([])
  })

  test('explains a term in a sentence or two', () => {
    const entries = TEXT.split(/\n(?=- \*\*)/).filter((entry) => entry.startsWith('- **'))
    for (const entry of entries) {
      const own = (entry.split('\n\n')[0] ?? '').trim()
      expect([own, /[.)]$/.test(own), own.length < 330]).toEqual([own, true, true])
    }
  })

  test('uses no word that it replaces', () => {
    expect(REPLACED.filter((word) => new RegExp(`\\b${word}s?\\b`, 'i').test(TEXT))).toEqual([])
  })

  test('is where the architecture sends its reader', () => {
    expect(read('docs/architecture.md')).toContain('(glossary.md)')
  })
})
