import { rememberTelegramUser } from '@mingdan/orders';
import { languageOf } from '../language.ts';
import type { TelegramServices } from '../services.ts';

interface PreCheckout {
  readonly id: string;
  readonly from: { readonly id: number; readonly language_code?: string };
}

/**
 * Nothing is sold for Stars yet, so no such query can be of a payment that we opened. Without an answer within ten seconds the person
 * would see a failure without a reason.
 */
export async function refusePreCheckout(services: TelegramServices, query: PreCheckout): Promise<void> {
  const user = await rememberTelegramUser(services.db, {
    telegramId: query.from.id,
    language: languageOf(query.from.language_code),
  });
  await services.telegram.answerPreCheckoutQuery(
    query.id,
    false,
    services.texts.t(user.language, 'chat.stars_not_accepted'),
  );
}
