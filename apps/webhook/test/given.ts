import { createLogger, systemClock } from '@mingdan/kernel';
import type { ProviderName } from '@mingdan/payments';
import { signPingpongBody } from '@mingdan/payments/testing';
import { createVerifiers } from '@mingdan/payments/verifiers';
import type { Express } from 'express';
import request, { type Test } from 'supertest';
import { type AppDeps, createApp } from '../src/app.ts';
import { createRefusals } from '../src/refusals.ts';
import type { NoticeStore } from '../src/store.ts';

export const settings = { webhookSecret: 'test-pingpong-secret', merchantId: 'M-1' };
export const orderNo = 'REPORT_20261121_7K3M9QXA';

export interface Given {
  app: Express;
  /** parsed log lines */
  lines: Record<string, unknown>[];
  woken: () => number;
  settled: () => Promise<void>;
}

/** The app over a store of the test's choice. */
export function givenApp(store: NoticeStore, changes: Partial<AppDeps> = {}): Given {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({ process: 'test', destination: { write: (line) => lines.push(JSON.parse(line)) } });
  let woken = 0;
  const refusals = createRefusals({ store, clock: systemClock, log });
  const app = createApp({
    verifiers: createVerifiers(new Map<ProviderName, unknown>([['pingpong', settings]])),
    store,
    refusals,
    sealer: null,
    clock: systemClock,
    log,
    wake: () => {
      woken += 1;
    },
    ready: async () => true,
    ...changes,
  });
  return { app, lines, woken: () => woken, settled: () => refusals.settled() };
}

/** A store that keeps what it is given, or fails as told. */
export function fakeStore(failure?: unknown) {
  const recorded: Parameters<NoticeStore['record']>[] = [];
  const refused: Parameters<NoticeStore['refuse']>[0][] = [];
  const store: NoticeStore = {
    record: async (...call) => {
      if (failure) throw failure;
      recorded.push(call);
      return { verdict: 'paid', orderNo, wake: true };
    },
    refuse: async (call) => {
      refused.push(call);
    },
  };
  return { store, recorded, refused };
}

/** Posts a rightly signed notice. */
export function post(app: Express, fields: unknown, path = '/webhook/pingpong'): Test {
  const { headers, body } = signPingpongBody(settings, typeof fields === 'string' ? fields : JSON.stringify(fields));
  const call = request(app)
    .post(path)
    .serialize((bytes) => bytes as never);
  for (const [name, value] of Object.entries(headers)) call.set(name, String(value));
  return call.send(body);
}
