import { scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { OperatorError } from './error.ts'

const derive = promisify(scrypt) as (password: string, salt: Uint8Array, length: number) => Promise<Uint8Array>

/** A payment method of an account. The bench uses no real credit card. */
export interface PaymentMethod {
  readonly id: string
  readonly label: string
  /** `existing`: stored with the account (purchaseInstrument Existing); `new`: entered in this purchase. */
  readonly instrument: 'new' | 'existing'
  /** The bank declines this method, to test a declined payment. */
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
  /** Returns the account, or undefined if the address or the password is wrong. */
  signIn(email: string, password: string): Promise<Account | undefined>
  find(accountId: string): Account | undefined
}

const keyOf = (email: string): string => email.trim().toLowerCase()

/** The customers of the operator, in memory. Passwords are stored as salted scrypt hashes only. */
export const createAccounts = (random: (length: number) => Uint8Array): Accounts => {
  const byEmail = new Map<string, StoredAccount>()
  const byId = new Map<string, StoredAccount>()
  const shown = ({ id, email, name }: StoredAccount): Account => ({ id, email, name })
  return {
    async create({ email, name, password }) {
      const taken = (): OperatorError =>
        new OperatorError('account-exists', `an account for ${email} already exists; sign in instead`)
      if (byEmail.has(keyOf(email))) throw taken()
      const salt = random(16)
      const hash = await derive(password, salt, 32)
      if (byEmail.has(keyOf(email))) throw taken() // another request for the same address arrived during hashing
      const id = `acc-${Buffer.from(random(8)).toString('hex')}`
      const account = { id, email: email.trim(), name: name.trim(), salt, hash }
      byEmail.set(keyOf(email), account)
      byId.set(id, account)
      return shown(account)
    },
    async signIn(email, password) {
      const account = byEmail.get(keyOf(email))
      // Also compute the hash for an unknown address, so that the response time does not reveal which addresses exist.
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
