import { createHmac, timingSafeEqual } from 'node:crypto';
import { backoffMs, messageOf, pause } from '@mingdan/kernel';
import express, { type RequestHandler, type Router } from 'express';
import type { LimitedTelegram } from '../client.ts';
import { type RecordDeps, recordUpdate } from './record.ts';

/** What Telegram must send in `X-Telegram-Bot-Api-Secret-Token`: derived, so that every machine knows it and no setting holds it. */
export function webhookSecret(secretKey: string): string {
  return createHmac('sha256', secretKey).update('mingdan:telegram-webhook:v1').digest('hex');
}

export interface WebhookDeps extends RecordDeps {
  /** SECRET_KEY: the first is what we register, all are accepted while keys are being rotated */
  readonly secretKeys: readonly string[];
  readonly onRecorded: () => void;
}

/** `POST /telegram/webhook`: 200 only after the update is written down, else Telegram sends it again. */
export function telegramWebhook(deps: WebhookDeps): Router {
  const router = express.Router();
  router.use(checkSecret(deps.secretKeys), express.json({ limit: '1mb' }), async (request, response) => {
    try {
      await recordUpdate(deps, request.body);
    } catch (error) {
      deps.log.warn({ cause: messageOf(error) }, 'an update could not be written down, Telegram will send it again');
      response.status(503).json({ success: false, error: { code: 'unavailable', message: 'try again' } });
      return;
    }
    response.status(200).json({ ok: true });
    deps.onRecorded();
  });
  return router;
}

function checkSecret(secretKeys: readonly string[]): RequestHandler {
  const digest = (text: string): Buffer => createHmac('sha256', 'compare').update(text).digest();
  const expected = secretKeys.filter((key) => key !== '').map((key) => digest(webhookSecret(key)));
  return (request, response, next) => {
    // Digests are compared, so that neither length nor content of the secret shows in the time it takes.
    const given = digest(request.get('x-telegram-bot-api-secret-token') ?? '');
    if (expected.map((secret) => timingSafeEqual(secret, given)).includes(true)) {
      next();
      return;
    }
    response
      .status(401)
      .json({ success: false, error: { code: 'bad_secret_token', message: 'The secret token is missing or wrong' } });
  };
}

export interface RegisterDeps {
  readonly telegram: LimitedTelegram;
  readonly log: RecordDeps['log'];
  readonly publicUrl: string;
  readonly secretKeys: readonly string[];
  readonly signal: AbortSignal;
}

/** Tells Telegram where updates go; tries until it is told. Every machine of a deployment may do it. */
export async function registerWebhook(deps: RegisterDeps): Promise<void> {
  const secret = webhookSecret(deps.secretKeys[0] ?? '');
  for (let failures = 0; !deps.signal.aborted; failures += 1) {
    try {
      await deps.telegram.receiveAt(`${deps.publicUrl}/telegram/webhook`, secret);
      deps.log.info('Telegram sends updates to the webhook');
      return;
    } catch (error) {
      deps.log.warn({ cause: messageOf(error) }, 'the webhook is not registered yet, trying again');
      await pause(backoffMs(failures, 1_000, 60_000), deps.signal);
    }
  }
}
