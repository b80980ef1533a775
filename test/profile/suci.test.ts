import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/asn1/bytes.ts'
import { ProfileError } from '../../src/profile/error.ts'
import { concealIdentity } from '../../src/profile/suci.ts'

describe('SUCI calculation', () => {
  it.each([
    {
      source: 'TS 33.501 C.4.3.1, profile A',
      scheme: 'profile-a' as const,
      homeNetworkKey: '5a8d38864820197c3394b92613b20b91633cbd897119273bf8e4a6f4eec0a650',
      ephemeralPrivateKey: 'c80949f13ebe61af4ebdbd293ea4f942696b9e815d7e8f0096bbf6ed7de62256',
      output: 'b2e92f836055a255837debf850b528997ce0201cb82adfe4be1f587d07d8457dcb02352410cddd9e730ef3fa87',
    },
    {
      source: 'TS 33.501 C.4.4.1, profile B, compressed home network key',
      scheme: 'profile-b' as const,
      homeNetworkKey: '0272da71976234ce833a6907425867b82e074d44ef907dfb4b3e21c1c2256ebcd1',
      ephemeralPrivateKey: '99798858a1dc6a2c68637149a4b1dbfd1fdff5addd62a2142f06699ed7602529',
      output: '039aab8376597021e855679a9778ea0b67396e68c66df32c0f41e9acca2da9b9d146a33fc2716ac7dae96aa30a4d',
    },
    {
      source: 'TS 33.501 C.4.4.1, profile B, uncompressed home network key',
      scheme: 'profile-b' as const,
      homeNetworkKey:
        '0472da71976234ce833a6907425867b82e074d44ef907dfb4b3e21c1c2256ebcd15a7ded52fcbb097a4ed250e036c7b9c8c7004c4eedc4f068cd7bf8d3f900e3b4',
      ephemeralPrivateKey: '99798858a1dc6a2c68637149a4b1dbfd1fdff5addd62a2142f06699ed7602529',
      output: '039aab8376597021e855679a9778ea0b67396e68c66df32c0f41e9acca2da9b9d146a33fc2716ac7dae96aa30a4d',
    },
  ])(
    'concealIdentity returns the scheme output of $source',
    ({ scheme, homeNetworkKey, ephemeralPrivateKey, output }) => {
      const schemeOutput = concealIdentity({
        scheme,
        homeNetworkKey: fromHex(homeNetworkKey),
        ephemeralPrivateKey: fromHex(ephemeralPrivateKey),
        schemeInput: fromHex('00012080f6'),
      })
      expect(toHex(schemeOutput)).toBe(output)
    },
  )

  it('concealIdentity rejects an invalid home network key', () => {
    const input = { ephemeralPrivateKey: new Uint8Array(32).fill(1), schemeInput: new Uint8Array(5) }
    for (const scheme of ['profile-a', 'profile-b'] as const)
      expect(() => concealIdentity({ ...input, scheme, homeNetworkKey: new Uint8Array(7) })).toThrow(ProfileError)
  })
})
