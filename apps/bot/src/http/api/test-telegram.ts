import express, { type Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { requireApiKey } from './api-key.ts';

/** `POST /api/test-telegram`: a test notice to the operators' chat, and what is wrong with the settings. */
export function testTelegramRoutes({ settings, testTelegram }: HttpDeps): Router {
  const router = express.Router();
  router
    .route('/api/test-telegram')
    .post(requireApiKey(settings.adminToken, 'ADMIN_TOKEN'), async (_req, res) => {
      if (!testTelegram) throw new HttpError(503, 'unavailable', 'This process has no bot');
      const { sent, bot, chatId, problems } = await testTelegram();
      res.set('Cache-Control', 'no-store').json({ success: true, data: { sent, bot, chat_id: chatId, problems } });
    })
    .all(onlyAllow('POST'));
  return router;
}
