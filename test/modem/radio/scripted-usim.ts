const AID = 'a0000000871002ff44ff128900000100'
const length = (text: string): string => (text.length / 2).toString(16).padStart(2, '0')
const record = `61124f10${AID}`.padEnd(64, 'f')

/** SELECT by file identifier, and its response. */
export const select = (fileId: string, fcp: string): string => `00a4000402${fileId}00 > 62${length(fcp)}${fcp}9000`

export const MF = select('3f00', '8202782183023f00')
export const ICCID = [select('2fe2', '820241218002000a'), '00b000000a > 984404211032547698f29000']
export const DIR = [
  select('2f00', '8205422100200283022f00'),
  `00b2010420 > ${'ff'.repeat(32)}9000`,
  `00b2020420 > ${record}9000`,
]
const ADF = `00a4040410${AID}00 > 6204820278219000`
const IMSI = [select('6f07', '8202412180020009'), '00b0000009 > 0809101032547698109000']
const NO_NAME = '00a40004026f4600 > 6a82'

/** The files that a device reads before it attaches: IMSI 001012345678901, without a service provider name. */
export const READ = [MF, ...ICCID, ...DIR, ADF, ...IMSI, NO_NAME]
