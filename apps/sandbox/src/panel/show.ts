import type { Money } from '@mingdan/kernel';
import type { OpenGateway } from '../gateways/open.ts';
import { offeredActions } from '../gateways/till/actions.ts';
import { readableAmount } from '../gateways/till/amount.ts';
import type { Payment } from '../gateways/till/ledger.ts';

const SHOWN = 50;

/** One gateway's books as the panel shows them, newest first. */
export function showGateway({ gateway, till, stand }: OpenGateway) {
  const { ledger, sender } = till;
  const newest = <T>(all: Iterable<T>) => [...all].slice(-SHOWN).reverse();
  return {
    name: gateway.name,
    title: gateway.title,
    payments: newest(ledger.payments.values()).map((payment) => ({
      ...show(payment),
      refundable: isRefundable(payment, ledger.refundedMinor(payment)),
      disputable: gateway.disputes === true && payment.charges.length > 0,
      actions: offeredActions(payment, gateway.actions, stand.actions).map(({ name, label }) => ({ name, ...label })),
    })),
    refunds: newest(ledger.refunds.values()).map((refund) => ({ ...refund, text: words(refund.amount) })),
    disputes: newest(ledger.disputes.values()).map((dispute) => ({ ...dispute, text: words(dispute.amount) })),
    notices: newest(sender.deliveries),
  };
}

function show(payment: Payment) {
  const { paymentId, orderId, amount, subject, status, charges, payLate, createdAt, expiresAt } = payment;
  return {
    paymentId,
    orderId,
    amount,
    text: words(amount),
    subject,
    status,
    charges: charges.map((charge) => ({ ...charge, text: words(charge.amount) })),
    payLate,
    createdAt,
    expiresAt: new Date(expiresAt).toISOString(),
  };
}

function isRefundable({ charges }: Payment, refunded: number): boolean {
  return charges.reduce((sum, { amount }) => sum + amount.minor, 0) > refunded;
}

function words(amount: Money): string {
  return `${readableAmount(amount)} ${amount.currency}`;
}
