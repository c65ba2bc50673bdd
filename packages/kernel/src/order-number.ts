import { randomCode } from './random.ts';

export type OrderKind = 'report' | 'membership' | 'coins' | 'goods';

const PREFIX: Record<OrderKind, string> = { report: 'REPORT', membership: 'MEMBER', coins: 'COIN', goods: 'GOODS' };

/** Checked before any SQL sees text from outside. */
export const orderNumberPattern = /^(?:REPORT|MEMBER|COIN|GOODS)_\d{8}_[0-9A-Z]{8,12}$/;

const shanghaiDay = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Asia/Shanghai',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

/** `REPORT_20261121_7K3M9QXA`: kind, day in Asia/Shanghai, 8 random characters. At most 24 characters, so a `-2` fits every gateway's 32. */
export function orderNumber(kind: OrderKind, now: Date): string {
  return `${PREFIX[kind]}_${shanghaiDay.format(now).replaceAll('-', '')}_${randomCode(8)}`;
}

/** A gateway's order id → our order number: a second payment attempt carries `-2`, `-3`. Null where it is none of ours. */
export function splitGatewayOrderId(gatewayOrderId: string): { orderNo: string; attempt: number } | null {
  const match = /^(.+?)(?:-(\d{1,2}))?$/.exec(gatewayOrderId);
  const orderNo = match?.[1] ?? '';
  if (!orderNumberPattern.test(orderNo)) return null;
  return { orderNo, attempt: match?.[2] ? Number(match[2]) : 1 };
}
