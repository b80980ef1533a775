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
  /** The operator whose stock it is; undefined: for whoever orders. */
  readonly owner?: string
  /** Bytes that the card must have free; by default as many as the package has. */
  readonly memory?: number
  /** What card and device must be able to do beyond what the package declares. */
  readonly requires?: ProfileRequirements
  /** Withdraws an order for this ICCID that is under way: an interrupted run left it, and nobody will come for it. */
  readonly replace?: boolean
}

/** Throws SmdpError `bad-profile` where no metadata can be made of what the profile says. */
export const checkStock = (stock: StockProfile, address: string): void => {
  try {
    buildMetadata(stock.iccid, stock.metadata, address)
  } catch (cause) {
    throw new SmdpError('bad-profile', `${stock.iccid}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

/** Puts a profile into stock. An ICCID whose last order is over may be added anew: on a bench one profile is used again and again. */
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
  const taken = new SmdpError('iccid-taken', `an order for ${iccid} is under way: cancel it first`)
  if (was !== undefined && !isOver(was) && profile.replace !== true) throw taken
  if (!(await store.addProfile(stock, newOrder(iccid, profileType, owner, clock()), was))) throw taken
  await store.dropBoundCopy(iccid)
  await store.synced()
}
