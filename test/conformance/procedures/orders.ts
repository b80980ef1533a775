import { buildProfilePackage } from '../../../src/profile/build.ts'
import { encodeProfilePackage } from '../../../src/profile/package.ts'
import { completeEid, issueEuicc } from '../../../src/rsp/certificates/test-pki.ts'
import { hashConfirmationCode } from '../../../src/rsp/crypto/confirmation-code.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { type CardRole, createCardRole } from '../../server/smdp/es9p/card-role.ts'
import { accepted, ICCID, MATCHING_ID, START } from '../../server/smdp/smdp-fixture.ts'
import { SMDS } from '../../server/smds/smds-fixture.ts'
import type { Conformance, SmdpFixture } from '../conformance.ts'

export const CODE = '1234'
export const OTHER_EID = completeEid('890490320000000000000000000042')

/** How the LPA comes to the order: SGP.22 §3.3.2 and §3.3.3. */
export type Way = 'default' | 'activation code' | 'SM-DS' | 'without EID'
type Settings = Parameters<Conformance['smdp']>[0]

export interface Ordered {
  readonly fixture: SmdpFixture
  readonly card: CardRole
  /** What the LPA comes with. */
  readonly matchingId: string
  /** Authenticates, with that matching id or another. */
  authenticate(change?: Parameters<CardRole['authenticateServer']>[1]): ReturnType<SmdpFixture['authenticate']>
}

/** A released order, and the card that comes for it. */
export const orderBy = async (
  at: Conformance,
  way: Way,
  {
    confirmationCode,
    eid,
    given = way === 'default' ? '' : MATCHING_ID,
    ...settings
  }: Settings & {
    confirmationCode?: string
    /** Whom the order is for. */
    eid?: string
    /** The matching id of the order. */
    given?: string
  } = {},
): Promise<Ordered> => {
  const smds = way === 'SM-DS' ? at.smds() : undefined
  const fixture = await at.smdp({ smdsOf: at.smdsOf, ...settings })
  const { card } = fixture
  const linked = eid ?? card.eid
  const code = confirmationCode === undefined ? {} : { confirmationCode }
  let matchingId = given
  if (way === 'SM-DS') {
    accepted(await fixture.operate('DownloadOrder', { iccid: ICCID, eid: linked }))
    const confirm = { iccid: ICCID, matchingId: given, smdsAddress: SMDS, releaseFlag: true, ...code }
    accepted(await fixture.operate('ConfirmOrder', confirm))
    const [event] = await smds!.store.listEvents(linked)
    matchingId = event!.eventId
  } else {
    await fixture.order({ matchingId, ...(way !== 'without EID' && { eid: linked }), ...code })
  }
  return {
    fixture,
    card,
    matchingId,
    authenticate: (change = {}) => fixture.authenticate(card, { matchingId, ...change }),
  }
}

export const hashed = (code: string, { transactionId }: { transactionId: Uint8Array }) => ({
  hashCc: hashConfirmationCode(code, transactionId),
})

/** Another card of the same EUM. */
export const cardOf = (fixture: SmdpFixture, eid = OTHER_EID): CardRole => {
  const euicc = issueEuicc(fixture.pki.eum, { eid, random: seededRandom(eid), now: START })
  return createCardRole(fixture.pki, { euicc, seed: eid })
}

/** A whole profile: its header asks for USIM and Milenage. */
export const realProfile = (): Uint8Array =>
  encodeProfilePackage(
    buildProfilePackage({
      iccid: ICCID,
      imsi: '001010123456789',
      algorithm: { name: 'milenage', k: seededRandom('k')(16), opc: seededRandom('opc')(16) },
      serviceProviderName: 'Operator A',
      random: seededRandom('profile'),
    }),
  )

/** Changes the stored order as no function can. */
export const change = async (
  { store }: SmdpFixture,
  edit: Partial<NonNullable<Awaited<ReturnType<SmdpFixture['store']['findOrder']>>>>,
): Promise<void> => {
  const order = (await store.findOrder(ICCID))!
  if ((await store.saveOrder({ ...order, ...edit })) !== 'saved') throw new Error('the order was not saved')
}
