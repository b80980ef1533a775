import { scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { OperatorError } from './error.ts'

const derive = promisify(scrypt) as (password: string, salt: Uint8Array, length: number) => Promise<Uint8Array>

/** How an account may pay. A bench knows no real card: the methods are the operator's own, shown by label. */
export interface PaymentMethod {
  readonly id: string
  readonly label: string
  /** `existing`: stored with the account (purchaseInstrument Existing); `new`: entered in this purchase. */
  readonly instrument: 'new' | 'existing'
  /** The bank says no to this one: how a declined payment is rehearsed. */
  readonly declines?: boolean
}

export interface Account {
  readonly id: string
  readonly email: string
  readonly name: string
}

interface StoredAccount extends Account {
  readonly salt: Uint8Array
  readonly hash: Uint8Array
}

export interface Accounts {
  create(who: { email: string; name: string; password: string }): Promise<Account>
  /** The account, or nothing when the address or the password is wrong; it does not say which. */
  signIn(email: string, password: string): Promise<Account | undefined>
  find(accountId: string): Account | undefined
}

const keyOf = (email: string): string => email.trim().toLowerCase()

/** The operator's customers, in memory; passwords are kept as salted scrypt hashes only. */
export const createAccounts = (random: (length: number) => Uint8Array): Accounts => {
  const byEmail = new Map<string, StoredAccount>()
  const byId = new Map<string, StoredAccount>()
  const shown = ({ id, email, name }: StoredAccount): Account => ({ id, email, name })
  return {
    async create({ email, name, password }) {
      const taken = (): OperatorError =>
        new OperatorError('account-exists', `there is already an account for ${email}; sign in instead`)
      if (byEmail.has(keyOf(email))) throw taken()
      const salt = random(16)
      const hash = await derive(password, salt, 32)
      if (byEmail.has(keyOf(email))) throw taken() // another request for the same address came in while hashing
      const id = `acc-${Buffer.from(random(8)).toString('hex')}`
      const account = { id, email: email.trim(), name: name.trim(), salt, hash }
      byEmail.set(keyOf(email), account)
      byId.set(id, account)
      return shown(account)
    },
    async signIn(email, password) {
      const account = byEmail.get(keyOf(email))
      // The hash is computed for an unknown address too, so that time does not tell which addresses exist.
      const hash = await derive(password, account?.salt ?? new Uint8Array(16), 32)
      if (account === undefined || !timingSafeEqual(hash, account.hash)) return undefined
      return shown(account)
    },
    find(accountId) {
      const account = byId.get(accountId)
      return account && shown(account)
    },
  }
}
