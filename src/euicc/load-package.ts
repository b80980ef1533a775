import type { Device } from './device.ts'
import type { Reply } from './response.ts'

const SEGMENT_TAGS = [0xbf36, 0xa0, 0xa1, 0xa2, 0xa3, 0x86, 0x87, 0x88]
export const isSegment = (tag: number): boolean => SEGMENT_TAGS.includes(tag)
export const loadSegment = async (_device: Device, _payload: Uint8Array): Promise<Reply> => ({ status: 0x6985 })
export const interruptLoading = async (_device: Device): Promise<void> => {}
