import express, { type Router } from 'express';
import { escapeHtml } from '../html.ts';
import { page } from '../page.ts';
import type { OpenGateway } from './open.ts';

/** The page that stands for a phone's camera: the text of a QR code leads to its gateway's pay page. */
export function scanPage(gateways: Iterable<OpenGateway>): Router {
  const open = [...gateways];
  const router = express.Router();
  router.get('/', (req, res) => {
    const text = String(req.query['text'] ?? '').trim();
    const found = text === '' ? undefined : pageFor(open, text);
    if (found) return res.redirect(303, found);
    const content = form(text);
    const styles = ['/assets/checkout.css'];
    res
      .status(text === '' ? 200 : 404)
      .type('html')
      .send(page({ title: '扫一扫 Scan (sandbox)', styles, content }));
  });
  return router;
}

/** By what a code holds, what an app is given, or the order's number. */
function pageFor(gateways: readonly OpenGateway[], text: string): string | undefined {
  for (const { gateway, till, stand } of gateways) {
    const payment = till.ledger.byCode(text) ?? stand.scan?.(text);
    if (payment) return `/${gateway.name}/checkout/${encodeURIComponent(payment.paymentId)}`;
  }
  const byNumber = gateways.flatMap(({ gateway, till }) => {
    const payment = till.ledger.find(text);
    return payment ? [{ gateway, payment }] : [];
  });
  const newest = byNumber.sort((a, b) => b.payment.createdAt.localeCompare(a.payment.createdAt))[0];
  return newest && `/${newest.gateway.name}/checkout/${encodeURIComponent(newest.payment.paymentId)}`;
}

function form(text: string): string {
  const none = `<p class="till-state till-state-failed" role="status" data-testid="unknown-code">没有哪个网关认识这个内容 <small>No gateway here knows this code.</small></p>`;
  return `<main class="till">
    <header class="till-brand"><span class="till-logo" aria-hidden="true">扫</span> 扫一扫 Scan <small>sandbox</small></header>
    <p class="till-lead">沙盒没有摄像头：把二维码的内容（或订单号）贴在这里，就会打开它的付款页。<br>
      There is no camera here: paste what the QR code holds, or an order number, and its payment page opens.</p>
    ${text === '' ? '' : none}
    <form method="get" action="/scan" class="till-scan">
      <label for="text">二维码内容 Text of the code</label>
      <textarea id="text" name="text" rows="4" required autofocus autocomplete="off" spellcheck="false" data-testid="scan-text">${escapeHtml(text)}</textarea>
      <button class="till-pay" data-testid="scan-go"><span>打开付款页 <small>Open its page</small></span></button>
    </form>
    <footer class="till-foot"><a class="till-back" href="/chat">聊天 Chat</a></footer>
  </main>`;
}
