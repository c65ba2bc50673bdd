import { randomToken } from '@mingdan/kernel';
import { acceptRedPacket, claimRedPacketCode, enterRedPacketCode, startPayment } from '@mingdan/operations';
import { redPacketOfOrder } from '@mingdan/orders';
import { answering } from '../api/operation-errors.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpError } from '../errors.ts';
import type { PlayedPayment } from './play.ts';

const OPERATOR = 'sandbox';

/** Ways to pay that need no gateway are paid for real: with the buyer's coins, by a code that is entered and accepted. */
export async function payInHouse({ operations }: HttpDeps, payment: PlayedPayment): Promise<void> {
  const { orderNo, orderId, provider, amount } = payment;
  if (provider === 'points') {
    await answering(startPayment(operations, { orderNo, provider, method: 'POINTS' }));
    return;
  }
  const waiting = async () => {
    const packet = await redPacketOfOrder(operations.db, orderId);
    return packet?.state === 'waiting' ? packet.id : undefined;
  };
  if ((await waiting()) === undefined)
    await answering(enterRedPacketCode(operations, { orderNo, code: `sandbox ${randomToken()}` }));
  const id = await waiting();
  if (id === undefined) throw new HttpError(409, 'not_playable', 'The order takes no code now');
  await answering(claimRedPacketCode(operations, { id, operator: OPERATOR }));
  await answering(acceptRedPacket(operations, { id, operator: OPERATOR, amount }));
}
