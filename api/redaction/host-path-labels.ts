/** Labels in which compose, Docker Desktop and dev containers write down where on the host a project lies. */
const HOST_PATH_LABELS =
  /^(?:com\.docker\.compose\.project\.(?:working_dir|config_files|environment_file)|desktop\.docker\.io\/binds\/\d+\/Source|devcontainer\.(?:local_folder|config_file))$/i

/** Whether a label's value is a path on the host, which only callers with `security:read` may know, or ask for. */
export function isHostPathLabel(key: string): boolean {
  return HOST_PATH_LABELS.test(key)
}
