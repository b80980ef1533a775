/** The host names of the servers. The name of the SM-DP+ comes from its certificate. */
export const HOSTS = {
  /** The host of ES2+. */
  smdpOrders: 'es2plus.smdp.bench.example',
  /** The host of ES12, where SM-DP+ servers register events at the SM-DS. */
  smdsEvents: 'es12.smds.bench.example',
  operator: 'api.operator.bench.example',
  portal: 'portal.operator.bench.example',
  service: 'plans.bench.example',
} as const

/** The operator of this bench: a test network, so that it is no real one (TS 23.003: MCC 001). */
export const OPERATOR = {
  id: 'bench-mobile',
  name: 'Bench Mobile',
  tagline: 'Data for people who test',
  color: '#0b6e4f',
  plmn: '00101',
  /** Valid by ITU-T E.118, and not assigned. */
  iccidPrefix: '8949001',
  country: 'DE',
} as const
