import type { ActionLabel, ExtraAction } from '../contract.ts';
import type { Payment } from './ledger.ts';

/** What a buyer can do at any gateway. */
export const buyerActions = [
  'pay',
  'fail',
  'end',
  'pay-twice',
  'pay-late',
  'pay-wrong-amount',
  'pay-too-much',
  'pay-other-currency',
] as const;
export type BuyerAction = (typeof buyerActions)[number];

export const actionLabels: Readonly<Record<BuyerAction, ActionLabel>> = {
  pay: { zh: '立即支付', en: 'Pay', note: '' },
  fail: { zh: '支付失败', en: 'Fail', note: '银行拒绝这笔付款 · the bank declines' },
  end: { zh: '关闭', en: 'End it', note: '付款超时关闭 · its time is over' },
  'pay-twice': { zh: '重复支付', en: 'Pay twice', note: '同一订单付两次款 · two payments for one order' },
  'pay-late': {
    zh: '逾期支付',
    en: 'Pay late',
    note: '等订单关闭或过期后才到账 · the money comes after the order has closed',
  },
  'pay-wrong-amount': { zh: '金额不符', en: 'Pay wrong amount', note: '只付一半 · only half of the amount' },
  'pay-too-much': { zh: '多付', en: 'Pay too much', note: '付一倍半 · half as much again' },
  'pay-other-currency': {
    zh: '币种不符',
    en: 'Pay another currency',
    note: '数额相同，币种不同 · same figure, another currency',
  },
};

/** One button as it stands now. */
export interface OfferedAction {
  readonly name: string;
  readonly label: ActionLabel;
}

/** The buttons that make sense for a payment as it stands: common ones first. */
export function offeredActions(
  payment: Payment,
  common: readonly BuyerAction[],
  extra: readonly ExtraAction[] = [],
): OfferedAction[] {
  const ofCommon = common
    .filter((action) => fits(payment, action))
    .map((name) => ({ name, label: actionLabels[name] }));
  return [
    ...ofCommon,
    ...extra.filter((action) => !action.inInset && action.fits(payment)).map(({ name, label }) => ({ name, label })),
  ];
}

/** Paid once, one may still pay a second time, as buyers do. */
function fits({ status }: Payment, action: BuyerAction): boolean {
  if (status === 'paid') return action === 'pay-twice';
  if (status === 'closed') return action === 'pay-late';
  if (status === 'processing') return action === 'pay' || action === 'fail';
  if (action === 'end') return status !== 'failed';
  return action !== 'fail' || status === 'pending';
}
