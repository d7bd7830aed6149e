import { filesBelow, read } from './project-files.js'

/** The settings of one section of .editorconfig, by its header. */
function section(header: string): Readonly<Record<string, string>> {
  const body = read('.editorconfig').split(`[${header}]\n`)[1]?.split(/^\[/m)[0] ?? ''
  return Object.fromEntries([...body.matchAll(/^(\w+) = (.+)$/gm)].map(([, name, value]) => [name, value]))
}

describe('.editorconfig', () => {
  test('asks for what Biome asks for', () => {
    const { formatter } = JSON.parse(read('biome.json')) as {
      formatter: { indentStyle: string; indentWidth: number; lineWidth: number }
    }
    expect(section('*')).toMatchObject({
      indent_style: formatter.indentStyle,
      indent_size: String(formatter.indentWidth),
      max_line_length: String(formatter.lineWidth),
      end_of_line: 'lf',
    })
  })

  test('is what the files that Biome does not format are like', () => {
    const files = ['.ci', '.githooks', '.github', 'deploy', 'docs', 'examples', 'scripts'].flatMap(filesBelow)
    expect(files.length).toBeGreaterThan(30)
    const wrong = files.filter((path) => {
      const text = read(path)
      const trailing = path.endsWith('.md') ? /\r/ : /[ \t\r]$/m
      return !text.endsWith('\n') || /^\t/m.test(text) || trailing.test(text)
    })
    expect(wrong).toEqual([])
  })
})

describe('.nvmrc', () => {
  const floor = read('.nvmrc').trim()

  test('is the oldest Node that is supported, so that nothing newer is used by accident', () => {
    const { engines, devDependencies } = JSON.parse(read('package.json')) as {
      engines: { node: string }
      devDependencies: Record<string, string>
    }
    expect(engines.node).toBe(`>=${floor}`)
    expect(devDependencies['@types/node']?.split('.')[0]).toBe(floor.split('.')[0])
  })

  test('is the Node that scripts and documents ask for', () => {
    expect(read('scripts/install')).toContain(`NODE_AT_LEAST=${floor}\n`)
    expect(read('scripts/start')).toContain(`Node >= ${floor},`)
    expect(read('README.md')).toContain(`Node >= ${floor},`)
    expect(read('CONTRIBUTING.md')).toContain(`Node ${floor} or newer`)
  })

  test('is the line that the workflows begin with', () => {
    const [oldest] = /node: \[(\d+)/.exec(read('.github/workflows/test.yml'))?.slice(1) ?? []
    expect(oldest).toBe(floor.split('.')[0])
  })
})
