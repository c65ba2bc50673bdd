import type { RawNotice } from '../../contract.ts';
import { jsonObject } from '../../wire-text.ts';

/** The header that only the plain protocol has. */
export const PLAIN_SIGNATURE_HEADER = 'X-Signature';

export type Protocol = 'plain' | 'v4';

/**
 * Which of PingPong's two protocols a notice is written in, by its form alone: whichever payments are created with, and never by trying
 * one after the other. Null: neither.
 */
export function protocolOf(notice: RawNotice): Protocol | null {
  if (notice.headers[PLAIN_SIGNATURE_HEADER.toLowerCase()] !== undefined) return 'plain';
  const fields = jsonObject(notice.body);
  if (!fields || !('sign' in fields)) return null;
  // Disputes are the one notice of v4 whose fields lie beside the signature instead of in bizContent.
  const isDispute = 'disputePspReference' in fields && 'eventCode' in fields;
  return 'bizContent' in fields || isDispute ? 'v4' : null;
}
