import { describe, expect, it } from 'vitest'
import { isSameHost, isWithin } from '../../../src/server/rsp-server/server-address.ts'

describe('the address of a server', () => {
  it.each([
    ['smdp.example.com', true],
    ['SMDP.Example.COM', true],
    ['smdp.example.com:8443', true],
    [' smdp.example.com ', true],
    ['smdp.example.com.', true],
    ['smdp.example.org', false],
    ['xsmdp.example.com', false],
    ['smdp.example.com/path', false],
    ['smdp.example.com:port', false],
    ['', false],
  ])('%j is smdp.example.com: %s', (address, isSame) => {
    expect(isSameHost(address, 'smdp.example.com')).toBe(isSame)
    expect(isSameHost(address, 'Smdp.example.com:443')).toBe(isSame)
  })
})

describe('the range of specification versions', () => {
  const range = [
    [2, 0, 0],
    [2, 5, 255],
  ] as const
  it.each([
    [1, 255, 255, false],
    [2, 0, 0, true],
    [2, 2, 2, true],
    [2, 5, 255, true],
    [2, 6, 0, false],
    [3, 0, 0, false],
    [255, 255, 255, false],
  ])('%i.%i.%i is within 2.0.0 to 2.5.255: %s', (major, minor, revision, within) => {
    expect(isWithin(Uint8Array.of(major, minor, revision), range)).toBe(within)
  })
})
