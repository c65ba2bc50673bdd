/** Lines of the bot's list of Stars, and refusals, as Telegram writes them. */

export const seconds = (iso: string): number => Date.parse(iso) / 1000;

export function payment(id: string, payload: string, at = '2026-11-21T10:00:00Z', stars = 150) {
  const user = { id: 7001, is_bot: false, first_name: '小明' };
  return {
    id,
    amount: stars,
    date: seconds(at),
    source: { type: 'user', transaction_type: 'invoice_payment', user, invoice_payload: payload },
  };
}

export const givenBack = (id: string, at = '2026-11-21T11:00:00Z') => ({
  id,
  amount: 150,
  date: seconds(at),
  receiver: { type: 'user', transaction_type: 'invoice_payment', user: { id: 7001 } },
});

export const refusal = (status: number, description: string) => ({
  status,
  body: { ok: false, error_code: status, description },
});
