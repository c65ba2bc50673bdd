/** UTF-16 units that Telegram takes. Source: core.telegram.org/bots/api#sendinvoice */
const LONGEST_TITLE = 32;
const LONGEST_DESCRIPTION = 255;

/** An invoice in Stars as `sendInvoice` wants it: no provider token, exactly one price, in whole Stars. */
export function invoiceFields(invoice: { title: string; description: string; payload: string; stars: number }) {
  const title = cut(invoice.title, LONGEST_TITLE);
  return {
    title,
    description: cut(invoice.description, LONGEST_DESCRIPTION),
    payload: invoice.payload,
    provider_token: '',
    currency: 'XTR',
    prices: [{ label: title, amount: invoice.stars }],
  };
}

/** Never in the middle of a character. */
function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  let short = '';
  for (const character of text) {
    if (short.length + character.length > longest - 1) break;
    short += character;
  }
  return `${short.trimEnd()}…`;
}
