/** RFC 7518 section 3.2: an HS256 key has at least the hash's 256 bits. */
const MIN_SECRET_BYTES = 32

/** A secret with fewer distinct characters was typed, not generated: 32 random hex digits have 10 or more of the 16. */
const MIN_DISTINCT_CHARACTERS = 8

/** Words of examples and tutorials, which attackers try first. */
const PLACEHOLDERS =
  /change[-_ ]?(?:me|this)|your[-_ ]?(?:own[-_ ]?)?(?:jwt[-_ ]?)?secret|super[-_ ]?secret|my[-_ ]?secret|secret[-_ ]?key|jwt[-_ ]?secret|password|passw0rd|example|placeholder|replace[-_ ]?(?:me|this)|letmein|qwerty|default[-_ ]?secret|insecure|not[-_ ]?so[-_ ]?secret|keyboard[-_ ]?cat|0123456789|1234567890|abcdefghij/i

/** Why a secret is too weak to sign with (RFC 8725 section 3.5), or null if no weakness is found. */
export function secretProblem(secret: string): string | null {
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) return `is shorter than ${MIN_SECRET_BYTES} bytes`
  if (PLACEHOLDERS.test(secret)) return 'holds a well-known placeholder'
  if (new Set(secret).size < MIN_DISTINCT_CHARACTERS) return 'has too few different characters'
  if (isRepetition(secret)) return 'repeats a short piece'
  return null
}

function isRepetition(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period += 1) {
    if (
      text ===
      text
        .slice(0, period)
        .repeat(Math.ceil(text.length / period))
        .slice(0, text.length)
    )
      return true
  }
  return false
}
