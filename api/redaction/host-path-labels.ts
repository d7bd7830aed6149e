/** Labels in which compose, Docker Desktop and dev containers store the path of a project on the host. */
const HOST_PATH_LABELS =
  /^(?:com\.docker\.compose\.project\.(?:working_dir|config_files|environment_file)|desktop\.docker\.io\/binds\/\d+\/Source|devcontainer\.(?:local_folder|config_file))$/i

/** Whether a label's value is a path on the host. Only callers with `security:read` may see it or filter by it. */
export function isHostPathLabel(key: string): boolean {
  return HOST_PATH_LABELS.test(key)
}
