import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { CallLog } from '../calls.ts';
import type { FaultBoard } from '../faults.ts';
import type { GatewayName } from '../gateways/index.ts';
import type { OpenGateway } from '../gateways/open.ts';
import { type Payment, Refused } from '../gateways/till/ledger.ts';
import type { Till } from '../gateways/till/till.ts';
import { services } from '../services.ts';
import { showGateway } from './show.ts';

/** The switches, the calls and the payments as JSON; the page of the panel uses nothing else. */
export function panelApi(faults: FaultBoard, calls: CallLog, gateways: ReadonlyMap<GatewayName, OpenGateway>): Router {
  const router = express.Router();
  router.use(express.json({ limit: '64kb' }));

  router.get('/faults', (_req, res) => void res.json(faults.read()));
  router.put('/faults', (req, res) => {
    try {
      res.json(faults.set(req.body));
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      res.status(422).json({ error: z.prettifyError(error) });
    }
  });
  router.delete('/faults', (_req, res) => {
    faults.reset();
    res.json(faults.read());
  });

  router.get('/calls', (req, res) => {
    const service = services.find((known) => known === req.query.service);
    const after = Number(req.query.after ?? 0);
    res.json({ calls: calls.list({ ...(service && { service }), after }).slice(-200) });
  });

  router.get('/gateways', (_req, res) => void res.json({ gateways: [...gateways.values()].map(showGateway) }));
  // For who knows an order but not its gateway.
  router.post(
    '/orders/:orderNo/:action',
    answer(async (req) => {
      const { till, payment } = newestOf([...gateways.values()], String(req.params.orderNo));
      await till.act(payment.paymentId, String(req.params.action));
    }),
  );
  for (const [name, open] of gateways) router.use(`/${name}`, oneGateway(open));
  return router;
}

/** What can be done at one gateway: as its buyers, in its console. */
function oneGateway(open: OpenGateway): Router {
  const { till } = open;
  const router = express.Router();
  router.get('/', (_req, res) => void res.json(showGateway(open)));
  router.post(
    '/refunds/:id/:result',
    answer((req) => till.settleRefund(String(req.params.id), refundResult.parse(req.params.result))),
  );
  router.post(
    '/disputes/:id/:result',
    answer((req) => till.settleDispute(String(req.params.id), disputeResult.parse(req.params.result))),
  );
  router.post(
    '/notices/:id/again',
    answer(async (req) => {
      if (!(await till.sender.again(Number(req.params.id))))
        throw new Refused(404, 'notice_not_found', 'there is no such notice any more');
    }),
  );
  router.post(
    '/:id/console-refund',
    answer((req) => till.refundInConsole(String(req.params.id), consoleRefund.parse(req.body ?? {}).minor)),
  );
  router.post(
    '/:id/dispute',
    answer(async (req) => {
      if (!open.gateway.disputes) throw new Refused(404, 'no_such_action', 'this gateway has no disputes');
      await till.dispute(String(req.params.id));
    }),
  );
  router.post(
    '/:id/:action',
    answer((req) => till.act(String(req.params.id), String(req.params.action))),
  );
  return router;
}

/** The last payment of an order at any gateway; later attempts are `<order number>-2` and so on. @throws Refused 404 */
function newestOf(gateways: readonly OpenGateway[], orderNo: string): { till: Till; payment: Payment } {
  const ofOrder = gateways.flatMap(({ till }) =>
    [...till.ledger.payments.values()]
      .filter(({ orderId }) => orderId.replace(/-\d+$/, '') === orderNo)
      .map((payment) => ({ till, payment })),
  );
  const [newest] = ofOrder.sort((a, b) => b.payment.createdAt.localeCompare(a.payment.createdAt));
  if (!newest) throw new Refused(404, 'order_not_found', `no gateway has a payment for order ${orderNo}`);
  return newest;
}

const refundResult = z.enum(['succeeded', 'failed']);
const disputeResult = z.enum(['won', 'lost']);
/** minor units of the charge; all that is left when left out */
const consoleRefund = z.object({ minor: z.number().int().positive().optional() });

function answer(work: (req: Request) => Promise<unknown>) {
  return async (req: Request, res: Response) => {
    try {
      await work(req);
      res.json({ done: true });
    } catch (error) {
      if (error instanceof Refused) res.status(error.status).json({ error: error.message, code: error.code });
      else if (error instanceof z.ZodError) res.status(404).json({ error: 'there is no such action' });
      else throw error;
    }
  };
}
