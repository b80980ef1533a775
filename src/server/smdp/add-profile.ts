import { SmdpError } from './error.ts'
import type { ProfileRequirements } from './es9p/profile-requirements.ts'
import { iccidDigits } from './iccid.ts'
import { buildMetadata } from './metadata.ts'
import { isOver, newOrder } from './order.ts'
import type { ProfileFacts } from './profile-facts.ts'
import type { Smdp } from './settings.ts'
import type { StockProfile } from './store.ts'

export interface ProfileToAdd {
  readonly iccid: string
  readonly profileType: string
  /** The unprotected profile package (SAIP) as bytes. */
  readonly package: Uint8Array
  readonly metadata: ProfileFacts
  /** The operator that owns the stock; undefined: all operators may order it. */
  readonly owner?: string
  /** Free memory that the card needs, in bytes; by default the length of the package. */
  readonly memory?: number
  /** Requirements on card and device in addition to those of the package. */
  readonly requires?: ProfileRequirements
  /** Replaces an open order for this ICCID, such as one of an interrupted run. */
  readonly replace?: boolean
}

/** Throws SmdpError `bad-profile` if the metadata of the profile cannot be encoded. */
export const checkStock = (stock: StockProfile, address: string): void => {
  try {
    buildMetadata(stock.iccid, stock.metadata, address)
  } catch (cause) {
    throw new SmdpError('bad-profile', `${stock.iccid}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

/** Adds a profile to the stock. An ICCID may be added again after the end of its last order. */
export const addProfile = async ({ store, clock, address }: Smdp, profile: ProfileToAdd): Promise<void> => {
  const iccid = iccidDigits(profile.iccid)
  const { profileType, owner, metadata } = profile
  const stock = {
    iccid,
    profileType,
    package: profile.package,
    metadata,
    memory: profile.memory ?? profile.package.length,
    ...(profile.requires && { requires: profile.requires }),
  }
  checkStock(stock, address)
  const was = await store.findOrder(iccid)
  const taken = new SmdpError('iccid-taken', `an order for ${iccid} is open: cancel it first`)
  if (was !== undefined && !isOver(was) && profile.replace !== true) throw taken
  if (!(await store.addProfile(stock, newOrder(iccid, profileType, owner, clock()), was))) throw taken
  await store.dropBoundCopy(iccid)
  await store.synced()
}
