/** The names of the parts that are servers. The SM-DP+'s comes from its certificate. */
export const HOSTS = {
  /** Where operators order (ES2+). */
  smdpOrders: 'es2plus.smdp.bench.example',
  /** Where SM-DP+s tell the SM-DS of events (ES12). */
  smdsEvents: 'es12.smds.bench.example',
  operator: 'api.operator.bench.example',
  portal: 'portal.operator.bench.example',
  service: 'plans.bench.example',
} as const

/** The operator of this bench: a test network's, so that no real one is meant (TS 23.003: MCC 001). */
export const OPERATOR = {
  id: 'bench-mobile',
  name: 'Bench Mobile',
  tagline: 'Data for people who test',
  color: '#0b6e4f',
  plmn: '00101',
  /** ITU-T E.118 by form, given to nobody. */
  iccidPrefix: '8949001',
  country: 'DE',
} as const
