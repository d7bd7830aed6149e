/** The work is done. */
export const EXIT_OK = 0

/** The work failed. */
export const EXIT_FAILURE = 1

/** The command or the configuration is wrong. */
export const EXIT_USAGE = 2
