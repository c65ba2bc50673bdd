import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { type CallLog, services } from '../calls.ts';
import type { FaultBoard } from '../faults.ts';
import { act, buyerActions, settleRefund, type Till } from '../gateways/pingpong/buyer.ts';
import { type Payment, Refused } from '../gateways/pingpong/ledger.ts';

/** The switches, the calls and the payments as JSON; the page of the panel uses nothing else. */
export function panelApi(faults: FaultBoard, calls: CallLog, till: Till): Router {
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

  router.get('/pingpong', (_req, res) => {
    const payments = [...till.ledger.payments.values()].reverse().map(showPayment);
    const refunds = [...till.ledger.refunds.values()].reverse();
    const notices = till.notices.deliveries.slice(-50).reverse();
    res.json({ payments, refunds, notices });
  });
  router.post(
    '/pingpong/refunds/:refundId/:result',
    answer(async (req) => {
      const result = z.enum(['succeeded', 'failed']).parse(req.params.result);
      await settleRefund(till, String(req.params.refundId), result);
    }),
  );
  router.post(
    '/pingpong/:orderId/:action',
    answer(async (req) => {
      await act(till, String(req.params.orderId), z.enum(buyerActions).parse(req.params.action));
    }),
  );
  return router;
}

function answer(work: (req: Request) => Promise<void>) {
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

function showPayment({ paymentId, orderId, amount, subject, status, charges, payLate, expiresAt }: Payment) {
  return {
    paymentId,
    orderId,
    amount,
    subject,
    status,
    charges,
    payLate,
    expiresAt: new Date(expiresAt).toISOString(),
  };
}
