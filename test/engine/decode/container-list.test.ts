import { containersAnswer } from '../../../api/engine/decode/container-list.js'
import { StaticTexts } from '../../../api/engine/decode/static-texts.js'
import { decodeContainerList, decodeContainers, decoded, dump, faultOf, SECRET } from '../../support/decoded.js'
import { fixture, HOST, JOB, recorded, WEB } from '../../support/recorded-answers.js'

describe('decodeContainers', () => {
  const listed = () => decodeContainers(recorded('docker-20.10-list.json'))

  test('reads a list of docker 20.10', () => {
    expect(listed().map(({ id, name, state }) => ({ id, name, state }))).toEqual([
      { id: HOST, name: 'shop-host', state: 'running' },
      { id: JOB, name: 'shop-job', state: 'exited' },
      { id: WEB, name: 'shop-web', state: 'running' },
    ])
    expect(listed()[2]).toEqual({
      id: WEB,
      name: 'shop-web',
      image: 'shop/web:1.0',
      imageId: 'sha256:2114e5fae095ce1d4526fc512e7a0196a201c663d4d21c14d4e672919fc4baed',
      state: 'running',
      status: 'Up 6 seconds (healthy)',
      createdAt: '2026-11-24T02:48:55.000Z',
      ports: [{ ip: '127.0.0.1', hostPort: 18080, containerPort: 8080, protocol: 'tcp' }],
      labels: new Map([
        ['com.docker.compose.project', 'shop'],
        ['com.docker.compose.service', 'web'],
        ['note', 'postgres://[redacted]@db/shop'],
      ]),
      networks: ['pf-net'],
      volumes: ['pf-data'],
      redactions: 1,
      isPartial: false,
    })
  })

  test('holds no secret', () => {
    expect(fixture('docker-20.10-list.json')).toMatch(SECRET)
    expect(dump(listed())).not.toMatch(SECRET)
  })

  const first = (changes: Record<string, unknown>) => {
    const [entry] = recorded('docker-20.10-list.json')
    return decodeContainers([{ ...entry, ...changes }])[0]
  }

  test('a container that others link to keeps its own name', () => {
    expect(first({ Names: ['/shop-web/db', '/shop-db', '/x/db'] })?.name).toBe('shop-db')
    expect(first({ Names: ['/shop-web/db'] })?.name).toBe('shop-web/db')
    expect(first({ Names: ['plain'] })?.name).toBe('plain')
  })

  test('a container without a name goes by the beginning of its id', () => {
    for (const Names of [null, [], ['/'], undefined]) expect(first({ Names })?.name).toBe(HOST.slice(0, 12))
  })

  test('blocks may be null or missing', () => {
    expect(
      first({ Ports: null, Labels: null, NetworkSettings: null, Mounts: undefined, HostConfig: undefined }),
    ).toMatchObject({ ports: [], labels: new Map(), networks: [] })
    expect(first({ NetworkSettings: { Networks: null } })?.networks).toEqual([])
  })

  test('ports come in one order, whatever order the engine gave them', () => {
    const ports = [
      { PrivatePort: 443, Type: 'tcp' },
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8081, Type: 'tcp' },
      { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { PrivatePort: 80, Type: 'udp', PublicPort: 0 },
    ]
    const expected = [
      { ip: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { ip: '0.0.0.0', hostPort: 8081, containerPort: 80, protocol: 'tcp' },
      { ip: '::', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { ip: null, hostPort: null, containerPort: 80, protocol: 'udp' },
      { ip: null, hostPort: null, containerPort: 443, protocol: 'tcp' },
    ]
    expect(first({ Ports: ports })?.ports).toEqual(expected)
    expect(first({ Ports: ports.toReversed() })?.ports).toEqual(expected)
  })

  test.each([
    ['created', 'Created', 'created'],
    ['dead', 'Dead', 'dead'],
    ['configured', 'Created', 'created'],
    ['stopped', 'Exited (0)', 'exited'],
    ['stopping', 'Up 2 hours', 'running'],
    ['thawing', 'Up 2 hours', 'running'],
    ['thawing', 'Gone', 'exited'],
  ])('the state %s with the sentence %s is %s', (State, Status, expected) => {
    expect(first({ State, Status })?.state).toBe(expected)
  })

  test('labels and ports are bounded in number', () => {
    const Labels = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`l${i}`, 'x']))
    const Ports = Array.from({ length: 5_000 }, (_, i) => ({ PrivatePort: i, Type: 'tcp' }))
    const container = first({ Labels, Ports })
    expect(container?.labels.size).toBe(256)
    expect(container?.ports).toHaveLength(512)
  })

  test.each([
    ['an object', { message: 'hunter2' }],
    ['null', null],
    ['a string', 'hunter2'],
    ['a Buffer', Buffer.from('hunter2')],
    ['a list of strings', ['hunter2']],
    ['an entry without an id', [{ Names: [] }]],
    ['an id that is a name', [{ ...recorded('docker-20.10-list.json')[0], Id: 'hunter2' }]],
  ])('%s is a bad answer, whose reason has no value', (_name, value) => {
    const fault = faultOf(() => decodeContainers(value))
    expect(fault).toMatchObject({ code: 'engine-bad-answer', detail: undefined, cause: undefined })
    expect(fault.message).toMatch(/^the list: /)
    expect(fault.message).not.toMatch(SECRET)
  })

  test.each([
    ['a time beyond all years', { Created: 1e300 }, { createdAt: null }],
    ['no state', { State: undefined }, { state: null }],
    ['a state that is a number', { State: 7 }, { state: null }],
    ['no status', { Status: null }, { status: null }],
    ['no image', { Image: null, ImageID: 7 }, { image: null, imageId: null }],
    ['names that are a text', { Names: 'x' }, { name: HOST.slice(0, 12) }],
    ['a name that is null', { Names: [null, '/kept'] }, { name: 'kept' }],
    ['labels that are a list', { Labels: ['x'] }, { labels: new Map() }],
    [
      'a label that is null',
      { Labels: { a: null, b: 'kept', c: 7, d: { e: 'x' } } },
      { labels: new Map([['b', 'kept']]) },
    ],
    ['ports that are a text', { Ports: 'x' }, { ports: [] }],
    [
      'a port that is null',
      { Ports: [null, { PrivatePort: 80, Type: 'tcp' }, { PrivatePort: 'x' }] },
      {
        ports: [{ ip: null, hostPort: null, containerPort: 80, protocol: 'tcp' }],
      },
    ],
    ['networks that are a list', { NetworkSettings: ['x'] }, { networks: [] }],
    ['mounts that do not fit', { Mounts: [7, { Type: 'volume', Name: 'kept' }] }, { volumes: ['kept'] }],
  ])('%s hides neither the container nor the others', (_name, changes, expected) => {
    const [entry, ...others] = recorded('docker-20.10-list.json')
    const { containers, omitted } = decodeContainerList([{ ...entry, ...changes }, ...others])
    expect(containers.map(({ id }) => id)).toEqual([HOST, JOB, WEB])
    expect(containers[0]).toMatchObject({ ...expected, isPartial: true })
    expect(containers[1]?.isPartial).toBe(false)
    expect(omitted).toBe(0)
  })

  test('what has no id is left out and counted', () => {
    const list = recorded('docker-20.10-list.json')
    const { containers, omitted } = decodeContainerList([
      null,
      list[0],
      7,
      [[]],
      { ...list[1], Id: 'hunter2' },
      list[2],
    ])
    expect(containers.map(({ id }) => id)).toEqual([HOST, WEB])
    expect(omitted).toBe(4)
  })

  test('texts are bounded', () => {
    const text = 'x'.repeat(100_000)
    const container = first({ Names: [text], Image: text, ImageID: text, Status: text })
    expect(
      [container?.name, container?.image, container?.imageId, container?.status].map((shown) => shown?.length),
    ).toEqual([4_096, 4_096, 4_096, 4_096])
    expect(container?.isPartial).toBe(true)
  })

  test('labels are scrubbed once in the life of a container', () => {
    const readList = containersAnswer(new StaticTexts())
    const [once] = decoded(readList, recorded('docker-20.10-list.json')).containers
    const [again] = decoded(readList, recorded('docker-20.10-list.json')).containers
    expect(again?.labels).toBe(once?.labels)
  })
})
