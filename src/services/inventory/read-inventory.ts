import { dirname, resolve } from 'node:path'
import { isNode, LineCounter, parseDocument } from 'yaml'
import { BenchError } from '../../host/error.ts'
import { parseYaml } from '../../host/yaml/yaml-file.ts'
import { settleEntry } from '../smdp/fault-file.ts'
import { createProfileTypes, type InventoryContext, type PlaceOf } from '../smdp/profile-types.ts'
import { readAuthorities } from '../smdp/standalone-pki.ts'
import { createFolderReader } from './folder-reader.ts'
import type { Inventory } from './inventory.ts'
import { InventoryFile } from './inventory-file.ts'
import { readOrder, refuseRepeats } from './read-orders.ts'
import { readStock } from './read-stock.ts'

/** Reads an inventory file and the files that it names. Throws BenchError with file and line; opens no store. */
export const readInventory = (path: string, context: InventoryContext): Inventory => {
  const file = resolve(path)
  const folder = createFolderReader(dirname(file))
  const text = new TextDecoder().decode(folder.read(file))
  const content = parseYaml(InventoryFile, text, path)
  const placeOf = placesIn(text, path)
  const types = createProfileTypes(content.types ?? {}, folder, placeOf, context)
  const reading = { types, folder, placeOf, random: context.random }

  const stock = (content.stock ?? []).flatMap((entry, at) => readStock(entry, at, reading))
  const orders = (content.orders ?? []).map((entry, at) => readOrder(entry, at, reading))
  refuseRepeats(path, stock, orders)
  if (content.faults !== undefined && content.misbehave !== undefined)
    throw new BenchError(
      'inventory',
      `${placeOf('misbehave')}: \`misbehave\` is the deprecated name of \`faults\`, and the file has both. Move its entries to \`faults\`.`,
    )
  const faults = (content.faults ?? content.misbehave ?? []).map(entry => settleEntry(entry, dirname(file)))
  const deprecated =
    content.misbehave === undefined
      ? []
      : [`${placeOf('misbehave')}: \`misbehave\` is deprecated. Write \`faults\` instead.`]
  if (orders.some(({ confirmationCodeHash }) => confirmationCodeHash !== undefined))
    folder.readSecrets(file, 'confirmation codes')
  return {
    file,
    stock,
    orders,
    operators: (content.operators ?? []).map(({ ca, ...operator }) => ({
      ...operator,
      ...(ca !== undefined && { authorities: readAuthorities(folder.read(ca), ca) }),
    })),
    keep: content.keep ?? {},
    faults,
    warnings: [...deprecated, ...folder.warnings],
  }
}

const placesIn = (text: string, path: string): PlaceOf => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  return (...at) => {
    const node = document.getIn(at, true)
    const offset = isNode(node) ? node.range?.[0] : undefined
    return offset === undefined ? path : `${path}, line ${lines.linePos(offset).line}`
  }
}
