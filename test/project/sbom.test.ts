import { productionSbom, type Sbom, sbomFaults } from '../../scripts/supply/sbom.js'

function component(name: string, version = '1.0.0') {
  return { 'bom-ref': `${name}@${version}`, name, version, licenses: [{ license: { id: 'MIT' } }] }
}

function locked(name: string, version = '1.0.0') {
  return { name, version, path: `node_modules/${name}`, license: 'MIT' }
}

const EVERYTHING: Sbom = {
  bomFormat: 'CycloneDX',
  metadata: { component: { 'bom-ref': 'porthole@0.1.0', name: 'some-folder', version: '0.1.0' } },
  components: [component('a'), component('b'), component('tool')],
  dependencies: [
    { ref: 'porthole@0.1.0', dependsOn: ['a@1.0.0', 'tool@1.0.0'] },
    { ref: 'a@1.0.0', dependsOn: ['b@1.0.0'] },
    { ref: 'tool@1.0.0', dependsOn: ['b@1.0.0'] },
  ],
}

describe('productionSbom', () => {
  const sbom = productionSbom(EVERYTHING, [locked('a'), locked('b')], 'porthole')

  test('keeps production packages, even those that a tool depends on too, and no tools', () => {
    expect(sbom.components).toEqual([component('a'), component('b')])
    expect(sbom.dependencies).toEqual([
      { ref: 'porthole@0.1.0', dependsOn: ['a@1.0.0'] },
      { ref: 'a@1.0.0', dependsOn: ['b@1.0.0'] },
    ])
    expect(sbomFaults(sbom, [locked('a'), locked('b')])).toEqual([])
  })

  test('names the project, not its folder', () => {
    expect(sbom.metadata.component.name).toBe('porthole')
  })
})

describe('sbomFaults', () => {
  test('names what is missing, superfluous, duplicate or dangling', () => {
    const sbom = {
      ...EVERYTHING,
      bomFormat: 'SPDX',
      components: [component('a'), component('a'), component('tool'), component('b', '2.0.0')],
    }
    expect(sbomFaults(sbom, [locked('a'), locked('b')])).toEqual([
      'is not CycloneDX but SPDX',
      'lacks b@1.0.0',
      'lists tool@1.0.0, which production does not have',
      'lists b@2.0.0, which production does not have',
      'lists a@1.0.0 twice',
      'has a dependency on b@1.0.0, which it does not list',
      'has a dependency on b@1.0.0, which it does not list',
    ])
  })
})
