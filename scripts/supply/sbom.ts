import { idOf, type LockedPackage } from './lock.js'

/** What is looked at of a CycloneDX document as npm writes it; the rest is passed on as it is. */
export interface Sbom {
  readonly bomFormat: string
  readonly metadata: { readonly component: Component }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

interface Component {
  readonly 'bom-ref': string
  readonly name: string
  readonly version: string
}

/** npm's list of everything, cut down to what production runs with, under the project's name and not its folder's. */
export function productionSbom(everything: Sbom, packages: readonly LockedPackage[], name: string): Sbom {
  const wanted = new Set(packages.map(idOf))
  const components = everything.components.filter((component) => wanted.has(idOf(component)))
  const root = everything.metadata.component
  const kept = new Set([root['bom-ref'], ...components.map((component) => component['bom-ref'])])
  return {
    ...everything,
    metadata: { ...everything.metadata, component: { ...root, name } },
    components,
    dependencies: everything.dependencies
      .filter(({ ref }) => kept.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) })),
  }
}

/** What the document and the lock do not agree on. */
export function sbomFaults(sbom: Sbom, packages: readonly LockedPackage[]): readonly string[] {
  const listed = sbom.components.map(idOf)
  const locked = new Set(packages.map(idOf))
  const refs = new Set(sbom.components.map((component) => component['bom-ref']))
  return [
    ...(sbom.bomFormat === 'CycloneDX' ? [] : [`is not CycloneDX but ${sbom.bomFormat}`]),
    ...[...locked].filter((id) => !listed.includes(id)).map((id) => `lacks ${id}`),
    ...listed.filter((id) => !locked.has(id)).map((id) => `lists ${id}, which production does not have`),
    ...listed.filter((id, index) => listed.indexOf(id) !== index).map((id) => `lists ${id} twice`),
    ...sbom.dependencies
      .flatMap(({ dependsOn }) => dependsOn)
      .filter((ref) => !refs.has(ref))
      .map((ref) => `has a dependency on ${ref}, which it does not list`),
  ]
}
