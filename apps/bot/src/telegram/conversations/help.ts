import type { Talk } from '../talk.ts';

/** `/help` */
export async function help(talk: Talk): Promise<void> {
  await talk.say(talk.t('chat.help'));
}

/** `/gift`, `/coupon`: both are buttons of a card, so here is the way there. */
export async function howToGive(talk: Talk): Promise<void> {
  await talk.say(talk.t('gift.how', { button: talk.t('buttons.as_gift') }), [[talk.button('menu', 'menu')]]);
}

export async function howToUseCoupon(talk: Talk): Promise<void> {
  await talk.say(talk.t('coupon.how', { button: talk.t('buttons.have_code') }), [[talk.button('menu', 'menu')]]);
}

/** `/paysupport`: Telegram requires that a bot which takes money answers it. */
export async function paySupport(talk: Talk): Promise<void> {
  await talk.say(talk.t('chat.paysupport'), [[talk.button('orders', 'orders')]]);
}
