import { escapeHtml } from '../../html.ts';
import type { ExtraAction, PageFace, Payment, Till } from '../contract.ts';
import { isDelayed } from './objects.ts';

const isOpen = ({ status }: Payment): boolean => status === 'pending' || status === 'failed';

export const face: PageFace = {
  brand: 'Stripe Checkout',
  letter: 'S',
  facts: (payment) => [['方式 Method', isDelayed(payment) ? 'delayed' : (payment.details.method ?? 'card')]],
  inset: (payment) => (isOpen(payment) ? cardForm(payment) : ''),
};

/** The card is for the eye: none is asked for here. Each of the other two is a way to pay by itself. */
function cardForm(payment: Payment): string {
  return `<section class="stripe-card" aria-label="付款方式 Payment method">
    <h2>付款方式 <small>Payment method</small></h2>
    <ul class="stripe-methods">
      <li><span class="stripe-method" aria-current="true">银行卡 <small>Card</small></span></li>
      <li>${choice(payment, 'alipay', '支付宝', 'Alipay')}</li><li>${choice(payment, 'wechat', '微信支付', 'WeChat Pay')}</li>
    </ul>
    <p class="stripe-field">4242 4242 4242 4242 <small>VISA</small></p>
    <p class="stripe-field">12 / 34 <small>CVC 123</small></p>
  </section>`;
}

function choice({ paymentId }: Payment, method: string, zh: string, en: string): string {
  return `<form method="post" action="${escapeHtml(encodeURIComponent(paymentId))}/pay-${method}">
    <button class="stripe-method" data-testid="choose-${method}">${zh} <small>${en}</small></button></form>`;
}

/** What Stripe offers beside the card. */
export function methods(till: Till): readonly ExtraAction[] {
  const by = (method: string) => async (payment: Payment) => {
    payment.details.method = method;
    await till.pay(payment);
  };
  return [
    {
      name: 'pay-alipay',
      label: { zh: '用支付宝支付', en: 'Pay with Alipay', note: '' },
      fits: isOpen,
      run: by('alipay'),
    },
    {
      name: 'pay-wechat',
      label: { zh: '用微信支付', en: 'Pay with WeChat Pay', note: '' },
      fits: isOpen,
      run: by('wechat_pay'),
    },
    {
      name: 'pay-delayed',
      label: {
        zh: '延迟到账的方式',
        en: 'Pay by a delayed method',
        note: '买家已完成，钱过几天才到（或不到） · done for the buyer, the money comes days later or not at all',
      },
      fits: isOpen,
      run: async (payment) => {
        payment.details.delayed = 'yes';
        payment.details.method = 'sepa_debit';
        await till.see(payment);
      },
    },
  ];
}
