import { pause } from '@mingdan/kernel';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import type { Call, CallLog, Service } from './calls.ts';
import type { FaultBoard } from './faults.ts';

/** How one service says that it is broken. */
export type Complaint = (res: Response, status: number, retryAfter: number) => void;

export interface Door {
  readonly calls: CallLog;
  readonly faults: FaultBoard;
}

/** The body as bytes: signatures are over them. */
export const rawBody: RequestHandler = express.raw({ type: () => true, limit: '60mb' });

export function bytesOf(req: Request): Buffer {
  return Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
}

/** Writes each call down, and plays the faults that are switched on for it. Needs `rawBody` before it. */
export function serviceDoor(
  door: Door,
  service: Service,
  nameOf: (req: Request) => string,
  complain: Complaint,
): RequestHandler {
  return async (req: Request, res: Response, next: NextFunction) => {
    const name = nameOf(req);
    const call = door.calls.begin(service, name, readable(req));
    const started = performance.now();
    const took = () => performance.now() - started;
    res.once('finish', () => door.calls.finish(call, res.statusCode, took()));
    res.once('close', () => {
      if (call.ms === null) door.calls.finish(call, null, took());
    });
    const plan = door.faults.plan(service, name);
    if (plan.slowMs > 0) {
      note(call, `slow ${plan.slowMs} ms`);
      await pause(plan.slowMs);
    }
    if (plan.drop === 'before') {
      note(call, 'dropped before the work');
      req.socket.destroy();
      return;
    }
    if (plan.fail) {
      note(call, `failed with ${plan.fail.status}`);
      complain(res, plan.fail.status, plan.fail.retryAfter);
      return;
    }
    if (plan.drop === 'after') {
      note(call, 'dropped after the work');
      muffle(res);
    }
    next();
  };
}

function note(call: Call, fault: string): void {
  call.fault = call.fault ? `${call.fault}, ${fault}` : fault;
}

/** The work is done, but the answer never leaves. */
function muffle(res: Response): void {
  res.write = () => true;
  res.end = () => {
    res.socket?.destroy();
    return res;
  };
}

function readable(req: Request): unknown {
  const bytes = bytesOf(req);
  const type = req.headers['content-type'] ?? '';
  if (bytes.length === 0) return { ...req.query };
  if (type.includes('multipart')) return `multipart, ${bytes.length} bytes`;
  const text = bytes.toString('utf8');
  if (type.includes('urlencoded')) return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(0, 2_000);
  }
}
