import { readBearer } from '../../api/auth/bearer.js'

describe('readBearer', () => {
  test('reads one Bearer field, its scheme in any case', () => {
    expect(readBearer(['Bearer abc.def-_~+/=='])).toEqual({ kind: 'token', token: 'abc.def-_~+/==' })
    expect(readBearer(['bEaReR  abc '])).toEqual({ kind: 'token', token: 'abc' })
  })

  test('distinguishes no credentials from malformed ones', () => {
    expect(readBearer([])).toEqual({ kind: 'none' })
  })

  test.each([
    [['']],
    [['Bearer']],
    [['Bearer ']],
    [['Basic YTpi']],
    [['Bearer a b']],
    [['Bearer a,b']],
    [['Bearer "a"']],
    [['Bearer \u00e4']],
    [['xBearer a']],
    [['Bearer a', 'Bearer a']],
  ])('refuses %j', (values) => {
    expect(readBearer(values)).toEqual({ kind: 'malformed' })
  })

  test('bounds the length: the longest is read, one more is refused', () => {
    const longest = `Bearer ${'a'.repeat(8_192 - 'Bearer '.length)}`
    expect(readBearer([longest]).kind).toBe('token')
    expect(readBearer([`${longest}a`]).kind).toBe('malformed')
  })
})
