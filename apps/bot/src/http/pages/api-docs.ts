import type { Language } from '@mingdan/orders';
import express, { type Router } from 'express';
import { html } from 'ghtml';
import { sendPage } from '../compression.ts';
import type { HttpDeps } from '../deps.ts';
import { onlyAllow } from '../errors.ts';
import { languageOf } from '../language.ts';
import { type Access, type Call, type Parameter, type Tag, tags } from '../openapi/call.ts';
import { calls } from '../openapi/calls/index.ts';
import { errorCodes, openApiDocument } from '../openapi/document.ts';
import { type Texts, textsIn } from '../texts.ts';
import { layout, type Markup } from './layout.ts';

/** `/api/docs`, and the document that it is made of. Development only: these routes are not there in production. */
export function apiDocsRoutes({ settings }: Pick<HttpDeps, 'settings'>): Router {
  const router = express.Router();
  const document = openApiDocument(settings.publicUrl);
  router
    .route('/api/docs/openapi.json')
    .get((_req, res) => {
      res.set('Cache-Control', 'no-cache').json(document);
    })
    .all(onlyAllow('GET, HEAD'));
  router
    .route('/api/docs')
    .get(async (req, res) => {
      res.set('Cache-Control', 'no-store');
      await sendPage(req, res, apiDocsPage(languageOf(req, res)));
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}

function apiDocsPage(language: Language): Markup {
  const t = textsIn(language);
  const groups = Object.entries(tags).map(([tag, title]) => groupMarkup(tag, title, t));
  const address = (lang: Language) => `/api/docs?lang=${lang}`;
  return layout({
    language,
    title: t('apiDocs.title'),
    languageLinks: { 'zh-CN': address('zh-CN'), 'zh-TW': address('zh-TW'), en: address('en') },
    script: 'api-docs.js',
    body: html`<h1>${t('apiDocs.title')}</h1>
<p>${t('apiDocs.text')} <a href="/api/docs/openapi.json">${t('apiDocs.document')}</a></p>
<noscript><p class="note trouble">${t('apiDocs.needsScript')}</p></noscript>
!${keysMarkup(t)}
!${walkMarkup(t)}
!${groups}`,
  });
}

const KEYS = ['apiKey', 'adminToken', 'session'] as const;

function keysMarkup(t: Texts): Markup {
  const fields = KEYS.map(
    (key) => html`<div class="field"><label for="key-${key}">${t(`apiDocs.access.${key}`)}</label>
<input id="key-${key}" type="password" autocomplete="off" spellcheck="false" data-key="${key}"></div>`,
  );
  return html`<section class="card form" aria-labelledby="keys"><h2 id="keys">${t('apiDocs.keys')}</h2><p class="small">${t('apiDocs.keysHint')}</p>
!${fields}<label class="choice" for="sign"><input type="checkbox" id="sign"><span>${t('apiDocs.sign')}</span></label></section>`;
}

/** What an operator tries first, in this order; the order number goes on from one to the next by itself. */
const WALK = [
  'listProducts',
  'createOrder',
  'playPayment',
  'readOrderStatus',
  'refundPayment',
  'testTelegram',
  'readSettings',
] as const;

function walkMarkup(t: Texts): Markup {
  const steps = WALK.map((id) => html`<li><a href="#${id}">${t(`apiDocs.walk.${id}`)}</a></li>`);
  return html`<section class="card" aria-labelledby="walk"><h2 id="walk">${t('apiDocs.walkTitle')}</h2><p class="small">${t('apiDocs.walkHint')}</p><ol>!${steps}</ol></section>`;
}

function groupMarkup(tag: string, title: string, t: Texts): Markup {
  const items = calls.filter((call) => call.tag === (tag as Tag)).map((call) => callMarkup(call, t));
  return html`<section class="history" aria-labelledby="tag-${tag}"><h2 id="tag-${tag}" lang="en">${title}</h2>!${items}</section>`;
}

function callMarkup(call: Call, t: Texts): Markup {
  const { id, method, path, summary, description, parameters = [], body } = call;
  return html`<details class="card call" id="${id}"><summary><span class="method method-${method}">${method.toUpperCase()}</span> <code>!${breakable(path)}</code> <span class="small" lang="en">${summary}</span></summary>
!${description === undefined ? '' : html`<p lang="en">!${withCode(description)}</p>`}
<form class="form" data-method="${method.toUpperCase()}" data-path="${path}">
!${parameters.map((parameter) => parameterMarkup(id, parameter))}
!${body ? bodyMarkup(call, t) : ''}
!${callerMarkup(call, t)}
<button class="button">${t('apiDocs.send')}</button><button class="button quiet" type="button" data-stop hidden>${t('apiDocs.stop')}</button>
</form>
<p class="small" role="status" data-outcome data-unreachable="${t('apiDocs.unreachable')}" data-not-json="${t('apiDocs.notJson')}" data-busy="${t('apiDocs.busy')}" data-open="${t('apiDocs.open')}"></p><pre class="reply" data-reply tabindex="0" hidden></pre>
!${answersMarkup(call, t)}</details>`;
}

/** A long path breaks between its parts, and not in a word. */
function breakable(path: string): Markup {
  const parts = path.split('/').map((part) => html`${part}`);
  return parts.join('<wbr>/');
}

/** Names between backticks as code, as in the document. */
function withCode(text: string): Markup {
  const parts = text.split('`').map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`));
  return parts.join('');
}

function parameterMarkup(id: string, { name, in: place, description, required, example }: Parameter): Markup {
  const field = `${id}-${name}`;
  return html`<div class="field"><label for="${field}"><code>${name}</code> <span class="small">${place}</span></label>
<input id="${field}" name="${name}" data-in="${place}" value="${example ?? ''}" autocomplete="off" spellcheck="false" aria-describedby="${field}-hint"!${required ? html` required` : ''}>
<p class="small" id="${field}-hint" lang="en">${description}</p></div>`;
}

function bodyMarkup({ id, body }: Call, t: Texts): Markup {
  const text = JSON.stringify(body?.example, null, 2);
  const hints = Object.entries(body?.fields ?? {}).map(
    ([name, hint]) => html`<div><dt><code>${name}</code></dt><dd lang="en">${hint}</dd></div>`,
  );
  const facts =
    hints.length === 0
      ? ''
      : html`<details class="more"><summary>${t('apiDocs.fields')}</summary><dl class="facts">!${hints}</dl></details>`;
  return html`<div class="field"><label for="${id}-body">${t('apiDocs.body')}</label>
<textarea id="${id}-body" data-body rows="${text.split('\n').length + 1}" spellcheck="false" autocomplete="off">${text}</textarea>!${facts}</div>`;
}

/** Who the call is made as, where there is a choice; the first one is how it is meant. */
function callerMarkup({ id, access }: Call, t: Texts): Markup {
  const options = access.map((each: Access) => html`<option value="${each}">${t(`apiDocs.access.${each}`)}</option>`);
  return html`<div class="field"><label for="${id}-caller">${t('apiDocs.caller')}</label><select id="${id}-caller" data-caller>!${options}</select></div>`;
}

function answersMarkup(call: Call, t: Texts): Markup {
  const rows = Object.entries(errorCodes(call)).map(
    ([status, codes]) =>
      html`<div><dt>${status}</dt><dd>!${codes.map((code) => html`<code>${code}</code> `)}</dd></div>`,
  );
  return html`<details class="more"><summary>${t('apiDocs.answers')}</summary><dl class="facts"><div><dt>200</dt><dd lang="en">${call.answer.description}</dd></div>!${rows}</dl></details>`;
}
