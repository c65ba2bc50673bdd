import express, { type ErrorRequestHandler, type Express, type Response } from 'express';
import { type Answer, type NotifyDeps, takeNotice } from './notify.ts';

export interface AppDeps extends NotifyDeps {
  /** true: the database takes notices */
  ready(): Promise<boolean>;
}

/** Every path that a gateway may have been told, the older ones too. Refund notices may come apart and are taken alike. */
export const noticePaths = [
  '/webhook/:provider',
  '/webhook/:provider/refund',
  '/api/payment/webhook/:provider',
  '/api/payment/:provider/notify',
  '/api/v1/payments/:provider/notify',
  '/api/v1/payments/:provider/refund/notify',
];

/** The whole of what the outside can reach in this process. */
export function createApp(deps: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');

  app.post(noticePaths, async (request, response) => {
    answer(response, await takeNotice(deps, String(request.params.provider).toLowerCase(), request));
  });
  app.post('/oxapay-webhook', async (request, response) => answer(response, await takeNotice(deps, 'oxapay', request)));
  app.get('/healthz', (_request, response) => answer(response, { status: 200, body: 'ok' }));
  app.get('/readyz', async (_request, response) => {
    const ready = await deps.ready();
    answer(response, ready ? { status: 200, body: 'ready' } : { status: 503, body: 'the database cannot be used' });
  });
  app.use((_request, response) => answer(response, { status: 404, body: 'not found' }));
  app.use(failed(deps));
  return app;
}

function answer(response: Response, { status, contentType, body }: Answer): void {
  response.status(status).set('cache-control', 'no-store');
  response.type(contentType ?? 'text/plain; charset=utf-8').end(body);
}

/** What nobody foresaw: the gateway sends it again, and the log says what to mend. */
function failed({ log }: AppDeps): ErrorRequestHandler {
  return (err, request, response, _next) => {
    if (request.destroyed && !response.headersSent && !request.complete) return;
    const { status } = err as { status?: unknown };
    const fault = typeof status === 'number' && status < 500 ? status : 500;
    if (fault === 500) log.error({ err, path: request.path }, 'unexpected error');
    answer(response, { status: fault, body: fault === 500 ? 'internal error' : 'bad request' });
  };
}
