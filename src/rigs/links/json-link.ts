import { openJsonCard } from '../../apdu/json/json-card.ts'
import { afterTimeout } from '../../host/after-timeout.ts'
import type { IsdrOptionsOf } from '../card-knowledge.ts'
import type { Rig } from '../rig.ts'
import { hardwareLink } from './hardware-link.ts'
import { connectSocket, startProgram } from './line-ports.ts'
import type { Link } from './link.ts'

const wrongRig = (rig: Rig, kind: string): TypeError => new TypeError(`${rig.name} is no ${kind} rig`)

/** A program that implements APDU JSON on stdin and stdout. It is started in the working folder for each session. */
export const execLink = (workingFolder: string, isdrOptionsOf?: IsdrOptionsOf): Link =>
  hardwareLink(
    async rig => {
      if (rig.link === 'software' || !('exec' in rig.link)) throw wrongRig(rig, 'exec')
      const port = await startProgram(rig.link.exec, workingFolder)
      return openJsonCard(port, `the program ${rig.link.exec[0]}`, afterTimeout)
    },
    isdrOptionsOf,
    { probeCardType: true },
  )

/** A socket that implements APDU JSON. */
export const tcpLink = (isdrOptionsOf?: IsdrOptionsOf): Link =>
  hardwareLink(
    async rig => {
      if (rig.link === 'software' || !('tcp' in rig.link)) throw wrongRig(rig, 'tcp')
      const { tcp } = rig.link
      const colon = tcp.lastIndexOf(':')
      const port = await connectSocket(tcp.slice(0, colon), Number(tcp.slice(colon + 1)))
      return openJsonCard(port, `the socket ${tcp}`, afterTimeout)
    },
    isdrOptionsOf,
    { probeCardType: true },
  )
