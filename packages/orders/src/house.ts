import type { Db } from '@mingdan/db';
import { type CoinPayment, type CoinRefund, coinPayment, giveCoinsBack, payWithCoins } from './coins.ts';
import { type RedPacketStanding, redPacketStanding } from './red-packets.ts';

/** What the ways to pay without a gateway work with; the clients of the payments package are handed this. */
export interface House {
  payWithCoins(payment: CoinPayment): ReturnType<typeof payWithCoins>;
  coinPayment(gatewayOrderId: string): ReturnType<typeof coinPayment>;
  giveCoinsBack(refund: CoinRefund): Promise<void>;
  redpacket(gatewayOrderId: string): Promise<RedPacketStanding>;
}

export function createHouse(db: Db): House {
  return {
    payWithCoins: (payment) => payWithCoins(db, payment),
    coinPayment: (gatewayOrderId) => coinPayment(db, gatewayOrderId),
    giveCoinsBack: (refund) => giveCoinsBack(db, refund),
    redpacket: (gatewayOrderId) => redPacketStanding(db, gatewayOrderId),
  };
}
