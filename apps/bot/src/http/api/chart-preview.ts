import express, { type Router } from 'express';
import { z } from 'zod';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { languageOf } from '../language.ts';
import { readBirthFields } from '../pages/birth-fields.ts';
import { chartPreview } from '../pages/chart-preview.ts';
import { textsIn } from '../texts.ts';
import { jsonBody, readBody } from './body.ts';
import { orderBirth } from './order-birth.ts';

/** `input`: as an order takes it. `fields`: as the forms of our pages have it, where each complaint is in words and under its field. */
export const chartPreviewBody = z.union([
  z.object({ fields: z.record(z.string().max(40), z.string().max(200)) }),
  z.object({ input: z.unknown() }),
]);

/** `POST /api/chart-preview`: the chart of a birth, free, before anybody orders. Nothing of it is kept. */
export function chartPreviewRoutes({ clock }: Pick<HttpDeps, 'clock'>): Router {
  const router = express.Router();
  router
    .route('/api/chart-preview')
    .post(jsonBody(), (req, res) => {
      const wish = readBody(req, chartPreviewBody);
      const language = languageOf(req, res);
      const now = clock.now();
      res.set('Cache-Control', 'no-store');
      const read =
        'fields' in wish
          ? readBirthFields(wish.fields, now, textsIn(language))
          : { birth: orderBirth(wish.input, now), wrong: {} };
      if (read.birth === undefined) {
        const [[field, message] = ['', '']] = Object.entries(read.wrong);
        throw new HttpError(422, 'invalid_field', message, field, read.wrong);
      }
      const { chart, markup } = chartPreview(read.birth, now, language);
      const { pillars, solarDate, lunarDate, solarTimeUsed, luck, warnings } = chart;
      // `input` is the birth as it was understood: an order takes it as it is.
      const shown = { input: read.birth, pillars, solarDate, lunarDate, solarTimeUsed, luck, warnings, html: markup };
      res.json({ success: true, data: shown });
    })
    .all(onlyAllow('POST'));
  return router;
}
