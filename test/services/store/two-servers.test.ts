import { join } from 'node:path'
import Libsql from 'libsql'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../../src/asn1/bytes.ts'
import { checkDigit } from '../../../src/server/smdp/iccid.ts'
import { openSmdpStore } from '../../../src/services/store/open-smdp-store.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { createCardRole } from '../../server/smdp/es9p/card-role.ts'
import { accepted, createSmdpFixture, ICCID, MATCHING_ID, refused, START } from '../../server/smdp/smdp-fixture.ts'
import { openFixtures, withoutPostgres } from './postgres-cluster.ts'

const environment = { ESIM_BENCH_STORE_KEY: toHex(seededRandom('store key')(32)) }
const STOCK = 20

const places = openFixtures()
const { folder } = places

type Row = { to_state: string; cause: string; at: string }
const TRANSITIONS = `select to_state, cause, at from transitions where iccid = '${ICCID}' order by at`
const STORES: readonly [string, string | undefined, () => string, (location: string) => Promise<Row[]>][] = [
  [
    'SQLite',
    undefined,
    () => join(folder, 'two.db'),
    async location => {
      const database = new Libsql(location)
      const rows = database.prepare(TRANSITIONS).all([]) as Row[]
      database.close()
      return rows
    },
  ],
  [
    'PostgreSQL',
    withoutPostgres,
    () => places.cluster.database('two'),
    async location => {
      const client = new pg.Client({ connectionString: location })
      await client.connect()
      const { rows } = await client.query<Row>(TRANSITIONS)
      await client.end()
      return rows
    },
  ],
]

for (const [name, isMissing, locate, readTransitions] of STORES)
  describe.skipIf(isMissing)(`two servers on one ${name}${isMissing ? ` (${isMissing})` : ''}`, () => {
    it('two servers continue sessions of each other, assign each profile once and report the orders', async () => {
      const location = locate()
      const stores = [
        await openSmdpStore(location, { environment, random: seededRandom('first opening') }),
        await openSmdpStore(location, { environment, random: seededRandom('second opening') }),
      ] as const
      const one = await createSmdpFixture({ store: stores[0], random: seededRandom('first server') })
      // Its stock is there already.
      const other = await createSmdpFixture({ store: stores[1], random: seededRandom('second server') }).catch(
        () => undefined,
      )
      expect(other, 'an ICCID that is in stock may be added anew').toBeDefined()

      await one.order()
      const card = createCardRole(one.pki)
      const initiated = accepted(await one.initiate(card))
      const offered = accepted(
        await other!.sendAuthentication(
          initiated.transactionId,
          card.authenticateServer(initiated, { matchingId: MATCHING_ID }),
        ),
      )
      accepted(await one.getPackage(card, offered))
      accepted(await other!.notify(card.installationResult(offered.transactionId, ICCID)))
      expect(await stores[0].findOrder(ICCID)).toMatchObject({ state: 'Installed' })

      for (let at = 0; at < STOCK; at++) {
        const digits = `89882470001000${String(at).padStart(4, '0')}`
        await one.stock(digits + checkDigit(digits), { profileType: 'Plan M' })
      }
      const answers = await Promise.all(
        Array.from({ length: STOCK + 10 }, (_, at) =>
          (at % 2 ? one : other!).operate('DownloadOrder', { profileType: 'Plan M' }, `${name} call ${at}`),
        ),
      )
      const given = answers.flatMap(answer => ('ok' in answer ? [answer.ok.iccid] : []))
      expect(given).toHaveLength(STOCK)
      expect(new Set(given).size).toBe(STOCK)
      expect(new Set(answers.filter(answer => 'failed' in answer).map(refused)).size).toBe(1)

      for (const store of stores) await store.close()
      const rows = await readTransitions(location)
      expect(rows.map(row => row.to_state).sort()).toEqual([
        'Allocated',
        'Available',
        'Downloaded',
        'Installed',
        'Released',
      ])
      expect(rows.find(row => row.to_state === 'Downloaded')).toMatchObject({
        cause: 'GetBoundProfilePackage',
        at: START.toISOString(),
      })
    })
  })
