import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { filesBelow, ROOT, read } from './project-files.js'

const FOLDER = join('.github', 'ISSUE_TEMPLATE')
const CONFIG = join(FOLDER, 'config.yml')
const FORMS = filesBelow(FOLDER).filter((path) => path !== CONFIG)

const ID = z.string().regex(/^[a-z][a-z-]*$/)
const VALIDATIONS = z.strictObject({ required: z.boolean() }).optional()
const LABELLED = { label: z.string().min(1), description: z.string().min(1).optional() }
const HINTED = { ...LABELLED, placeholder: z.string().min(1).optional() }

/** GitHub's syntax of a form, as far as ours use it. It shows no form in which it finds a fault, and reports none. */
const FIELD = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('markdown'), attributes: z.strictObject({ value: z.string().min(1) }) }),
  z.strictObject({ type: z.literal('input'), id: ID, attributes: z.strictObject(HINTED), validations: VALIDATIONS }),
  z.strictObject({
    type: z.literal('textarea'),
    id: ID,
    attributes: z.strictObject({ ...HINTED, render: z.string().min(1).optional() }),
    validations: VALIDATIONS,
  }),
  z.strictObject({
    type: z.literal('dropdown'),
    id: ID,
    attributes: z.strictObject({ ...LABELLED, options: z.array(z.string().min(1)).min(2) }),
    validations: VALIDATIONS,
  }),
  z.strictObject({
    type: z.literal('checkboxes'),
    id: ID,
    attributes: z.strictObject({
      ...LABELLED,
      options: z.array(z.strictObject({ label: z.string().min(1), required: z.boolean().optional() })).min(1),
    }),
  }),
])
const FORM = z.strictObject({
  name: z.string().min(1),
  description: z.string().min(1),
  labels: z.array(z.string()).min(1),
  body: z.array(FIELD).min(1),
})
const CHOOSER = z.strictObject({
  blank_issues_enabled: z.literal(false),
  contact_links: z.array(z.strictObject({ name: z.string(), url: z.url({ protocol: /^https$/ }), about: z.string() })),
})

/** Each entry once, where GitHub wants it so. */
function repeated(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index)
}

function parse(path: string): unknown {
  const document = parseDocument(read(path), { uniqueKeys: true })
  expect(document.errors).toEqual([])
  return document.toJS()
}

describe('the issue forms', () => {
  test('are for a bug, an engine and a feature', () => {
    expect(FORMS.map((path) => path.slice(FOLDER.length + 1))).toEqual([
      'bug.yml',
      'engine-compatibility.yml',
      'feature.yml',
    ])
  })

  test.each(FORMS)('%s is a form, with a field that must be filled', (path) => {
    const { body } = FORM.parse(parse(path))
    const fields = body.filter((field) => field.type !== 'markdown')
    expect(repeated(fields.map(({ id }) => id))).toEqual([])
    expect(repeated(fields.map(({ attributes }) => attributes.label))).toEqual([])
    expect(fields.some((field) => field.type !== 'checkboxes' && field.validations?.required === true)).toBe(true)
    const choices = fields.flatMap((field) => (field.type === 'dropdown' ? [field.attributes.options] : []))
    for (const options of choices) expect(repeated(options)).toEqual([])
  })

  test.each(FORMS)('%s names paths that exist', (path) => {
    const named = [...read(path).matchAll(/\b(?:docs|scripts)\/[\w./-]*\w/g)].map(([name]) => name)
    expect(named.filter((name) => !existsSync(join(ROOT, name)))).toEqual([])
  })

  test('are the only way to an issue, and point a vulnerability to SECURITY.md', () => {
    const { contact_links: links } = CHOOSER.parse(parse(CONFIG))
    expect(links.map(({ about }) => about)).toEqual([expect.stringContaining('SECURITY.md')])
    expect(existsSync(join(ROOT, 'SECURITY.md'))).toBe(true)
  })
})

describe('.github/pull_request_template.md', () => {
  const path = join('.github', 'pull_request_template.md')
  const text = read(path)

  test('links to what is there', () => {
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => join(dirname(path), link))
    expect(links.length).toBeGreaterThan(2)
    expect(links.filter((link) => !existsSync(join(ROOT, link)))).toEqual([])
  })

  test('asks for what a command can show, and for nothing to be ticked before', () => {
    expect(text).toContain('`scripts/test`')
    expect(text).not.toMatch(/- \[x\]/i)
  })
})

describe('.github/CODEOWNERS', () => {
  const rows = read('.github/CODEOWNERS')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/ +/))
  const files = ['.github', 'api', 'deploy', 'docs', 'scripts', 'test'].flatMap(filesBelow)
  const atRoot = ['Dockerfile', 'SECURITY.md', 'docker-compose.yml', 'package.json', 'package-lock.json']

  /** A pattern as git reads one: a slash in front ties it to the root, one behind means what is below. */
  function fits(pattern: string): RegExp {
    const name = pattern
      .replace(/^\/|\/$/g, '')
      .replaceAll('.', '[.]')
      .replaceAll('*', '[^/]*')
    return new RegExp(`${pattern.startsWith('/') ? '^' : '(?:^|/)'}${name}(?:/|$)`)
  }

  test('begins with an owner of everything', () => {
    expect(rows[0]?.[0]).toBe('*')
    for (const [pattern, ...owners] of rows) {
      expect([pattern, owners.length > 0]).toEqual([pattern, true])
      for (const owner of owners) expect(owner).toMatch(/^@[\w-]+\/[\w-]+$/)
    }
  })

  test.each(rows.map(([pattern = '']) => pattern))('%s fits a file, so that its owner is asked', (pattern) => {
    expect([...files, ...atRoot].some((path) => fits(pattern).test(path))).toBe(true)
  })

  test('names teams of the organisation that vulnerabilities are reported to', () => {
    const [, organisation = ''] = /github\.com\/([\w-]+)\//.exec(read(CONFIG)) ?? []
    const owners = new Set(rows.flatMap(([, ...names]) => names.map((name) => name.split('/')[0])))
    expect([...owners]).toEqual([`@${organisation}`])
  })
})
