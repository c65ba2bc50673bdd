import { toMailbox } from '@mingdan/fulfilment';
import { orderNumberPattern } from '@mingdan/kernel';
import { wakeOutbox } from '@mingdan/operations';
import { findOrder, type Language, openEmail } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import express, { type Router } from 'express';
import { html } from 'ghtml';
import { z } from 'zod';
import { emailAddress } from '../../../email-address.ts';
import { type Site, siteOf } from '../../../site.ts';
import { sendPage } from '../../compression.ts';
import type { HttpDeps } from '../../deps.ts';
import { onlyAllow } from '../../errors.ts';
import { languageOf } from '../../language.ts';
import { textsIn } from '../../texts.ts';
import { type Typed, textField, type Wrong } from '../fields.ts';
import { layout, type Markup } from '../layout.ts';

/** One order's link is not sent more often, however often it is asked for. */
const ONCE_IN_MS = 10 * 60_000;

const formBody = express.urlencoded({ extended: false, limit: '4kb' });
const form = z.object({ email: z.string().trim().max(254).catch(''), order_no: z.string().trim().max(64).catch('') });

/** `/shop/lost-link`: sends the link of an order to the address it was ordered with, and tells nobody whether there is such an order. */
export function lostLinkRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router
    .route('/shop/lost-link')
    .get(async (req, res) => {
      const language = languageOf(req, res);
      res.set('Cache-Control', 'no-cache');
      await sendPage(req, res, lostLinkView({ language, site: await siteOf(deps), typed: {}, wrong: {}, sent: false }));
    })
    .post(formBody, async (req, res) => {
      const language = languageOf(req, res);
      const t = textsIn(language);
      const typed = form.parse(req.body ?? {});
      const orderNo = typed.order_no.toUpperCase();
      const wrong = {
        ...(emailAddress.safeParse(typed.email).success ? {} : { email: t('shop.emailWrong') }),
        ...(orderNumberPattern.test(orderNo) ? {} : { order_no: t('lostLink.numberWrong') }),
      };
      const isRight = Object.keys(wrong).length === 0;
      // Not waited for: whoever measures the answer learns nothing from it.
      if (isRight)
        sendLink(deps, orderNo, typed.email).catch((error: unknown) =>
          deps.log.error({ err: error }, 'a link was not sent'),
        );
      res.set('Cache-Control', 'no-store').status(isRight ? 200 : 422);
      await sendPage(req, res, lostLinkView({ language, site: await siteOf(deps), typed, wrong, sent: isRight }));
    })
    .all(onlyAllow('GET, HEAD, POST'));
  return router;
}

async function sendLink({ db, clock, operations: { vault } }: HttpDeps, orderNo: string, email: string): Promise<void> {
  const order = await findOrder(db, orderNo);
  const known = order && openEmail(vault, order);
  if (!order || known?.trim().toLowerCase() !== email.toLowerCase()) return;
  const window = Math.floor(clock.now().getTime() / ONCE_IN_MS);
  const message = { template: 'order_link', params: { orderNo, product: order.productNames } } as const;
  await enqueue(db, vault, toMailbox(vault, order, { dedupeKey: `link:${orderNo}:${window}`, message }));
  await wakeOutbox(db);
}

interface LostLinkView {
  readonly language: Language;
  readonly site: Site;
  readonly typed: Typed;
  readonly wrong: Wrong;
  readonly sent: boolean;
}

function lostLinkView({ language, site, typed, wrong, sent }: LostLinkView): Markup {
  const t = textsIn(language);
  const lang = (each: Language) => `/shop/lost-link?${new URLSearchParams({ lang: each })}`;
  const email = {
    name: 'email',
    label: t('shop.email'),
    attributes: html`type="email" required maxlength="254" autocomplete="email"`,
  };
  const number = {
    name: 'order_no',
    label: t('lostLink.number'),
    attributes: html`required maxlength="64" autocomplete="off" autocapitalize="characters" spellcheck="false" placeholder="REPORT_20261121_7K3M9QXA"`,
  };
  const fields = html`<form class="card form" method="post" action="${lang(language)}" novalidate>!${textField(email, typed, wrong)}!${textField(number, typed, wrong)}<button class="button">${t('lostLink.send')}</button></form>`;
  return layout({
    language,
    site,
    title: t('lostLink.title'),
    body: html`<p class="back"><a href="/shop?${new URLSearchParams({ lang: language })}">${t('shop.back')}</a></p><h1>${t('lostLink.title')}</h1>
!${sent ? html`<p class="card" role="status">${t('lostLink.sent')}</p>` : html`<p>${t('lostLink.text')}</p>!${fields}`}`,
    languageLinks: { 'zh-CN': lang('zh-CN'), 'zh-TW': lang('zh-TW'), en: lang('en') },
  });
}
