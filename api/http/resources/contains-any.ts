/** Whether a text contains one of the parts, in any case. No parts ask for nothing, and every text fits. */
export function containsAny(text: string, parts: readonly string[]): boolean {
  if (parts.length === 0) return true
  const lower = text.toLowerCase()
  return parts.some((part) => lower.includes(part.toLowerCase()))
}
